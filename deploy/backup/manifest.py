"""What a backup says of itself."""

import json
from pathlib import Path
from typing import Any

from deploy.backup.dumps import sha256
from deploy.backup.place import CannotBackUp

MANIFEST = "backup.json"


def read(folder: Path) -> dict[str, Any]:
    """The manifest of a backup. Raises CannotBackUp."""
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CannotBackUp(f"{folder} holds no whole backup: its {MANIFEST} cannot be read.") from error
    return found


def file_of(folder: Path, service: str) -> Path:
    """The file with a service's database, as it was written. Raises CannotBackUp."""
    told = read(folder)["databases"]
    if service not in told:
        raise CannotBackUp(f"{service} is not in the backup {folder}; it holds {', '.join(told)}.")
    file = folder / str(told[service]["file"])
    if not file.exists() or sha256(file) != told[service]["sha256"]:
        raise CannotBackUp(f"{file} is not what was written: its SHA-256 differs from that in {MANIFEST}.")
    return file

"""The file that a region is taken away in, as the command line writes and reads it: a zip with a manifest of hashes."""

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from cli.exits import Exit, Stopped

FORM = "speerpunt-region-export/2"
MANIFEST = "manifest.json"
SERVICES = ("funding", "activities", "notifications", "partners")
"""In the order in which their parts are loaded: partners tells of the region and opens it, so it comes last."""
PAGE_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    NotImplementedError,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    AttributeError,
)
"""What a zip that is none, or that was damaged, makes its reader raise."""
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def part(service: str) -> str:
    """Where a service's part stands in the zip."""
    return f"archive/{service}.jsonl"


class NotUsable(Stopped):
    """The file cannot be brought in; the sentence says why."""

    def __init__(self, why: str) -> None:
        super().__init__(f"This file cannot be brought in: {why}. Nothing was changed.", "archive-unusable", Exit.AMISS)


@dataclass(frozen=True, slots=True)
class Part:
    """A service's part of an archive: its size and the SHA-256 of all of it."""

    service: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Archive:
    """An export that was opened and found whole."""

    path: Path
    code: str
    origin: UUID
    parts: tuple[Part, ...]

    @classmethod
    def opened(cls, path: Path) -> Self:
        """Checks every file against the manifest. Raises NotUsable."""
        try:
            with zipfile.ZipFile(path) as file:
                manifest = json.loads(file.read(MANIFEST))
                files: dict[str, dict[str, Any]] = manifest["files"]
                if manifest.get("form") != FORM:
                    raise NotUsable(f"it is not in the form {FORM}")
                if set(file.namelist()) != {MANIFEST, *files}:
                    raise NotUsable("it has files that its manifest does not name, or lacks some")
                for name, said in files.items():
                    if _hash(file, name) != (said["bytes"], said["sha256"]):
                        raise NotUsable(f"{name} was changed since it was made: its hash is another one")
                if missing := [each for each in SERVICES if part(each) not in files]:
                    raise NotUsable(
                        f"it has no archive of {', '.join(missing)}: the region was open when it was made, or the token"
                        " was not the office's. Close the region and export it again"
                    )
                parts = [Part(each, files[part(each)]["bytes"], files[part(each)]["sha256"]) for each in SERVICES]
                return cls(path, manifest["region"], UUID(manifest["origin"]), tuple(parts))
        except UNREADABLE as error:
            raise NotUsable(f"it is no export of a region, or was damaged ({type(error).__name__})") from None

    def pages(self, service: str) -> Iterator[bytes]:
        """A service's part in pages."""
        with zipfile.ZipFile(self.path) as file, file.open(part(service)) as content:
            while page := content.read(PAGE_BYTES):
                yield page


def _hash(file: zipfile.ZipFile, name: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with file.open(name) as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()

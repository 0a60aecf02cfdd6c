"""The boundaries in pyproject.toml hold, and each of them notices when it is crossed."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
COPIED = ("runtime", "services", "cli", "deploy", "proto/gen")
CONTRACTS = [
    contract["name"]
    for contract in tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
]
PLANTED = {
    "Services do not import each other": ("services/partners/api/regions.py", "import services.funding.settings"),
    "The runtime knows no service": ("runtime/issuer.py", "import services.partners.events"),
    "Rules and facts do no input or output": ("services/funding/events/money.py", "import asyncpg"),
    "Inside a service: app over doors over commands over store over rules over facts": (
        "services/partners/store/regions.py",
        "import services.partners.api",
    ),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """What import-linter says of the packages in this folder."""
    path = os.pathsep.join((str(folder), str(folder / "proto" / "gen")))
    return subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The project's packages, free to be spoiled."""
    for name in COPIED:
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_boundaries_hold() -> None:
    outcome = lint(PROJECT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    for contract in CONTRACTS:
        assert f"{contract} KEPT" in outcome.stdout


def test_an_unspoiled_copy_passes(copied: Path) -> None:
    outcome = lint(copied)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_boundary_has_a_planted_violation() -> None:
    assert sorted(CONTRACTS) == sorted(PLANTED)


@pytest.mark.parametrize("contract", sorted(PLANTED))
def test_a_planted_violation_breaks_its_boundary(copied: Path, contract: str) -> None:
    name, line = PLANTED[contract]
    with (copied / name).open("a", encoding="utf-8") as spoiled:
        spoiled.write(f"\n{line}\n")
    outcome = lint(copied)
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert f"{contract} BROKEN" in outcome.stdout
    assert name.removesuffix(".py").replace("/", ".") in outcome.stdout

"""A region folder with mistakes, as an office meets it: every mistake a line, before anything is started."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def played(folder: Path, at: Path) -> subprocess.CompletedProcess[str]:
    return called(["cli", "demo", str(folder)], at)


def loaded(folder: Path, at: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return called(["cli.region", str(folder), *options], at)


def called(words: list[str], at: Path) -> subprocess.CompletedProcess[str]:
    """Run in a folder of its own, where nothing is left running."""
    path = f"{PROJECT}{os.pathsep}{PROJECT / 'proto' / 'gen'}"
    environment = {**os.environ, "PYTHONPATH": path, "SPEERPUNT_RUN_FOLDER": str(at / "run")}
    command = [sys.executable, "-m", *words]
    return subprocess.run(command, cwd=at, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_mistakes_in_sheets_and_documents_are_all_told_before_anything_starts(tmp_path: Path) -> None:
    folder = shutil.copytree(PROJECT / "examples" / "amersfoort", tmp_path / "region")
    for name, old, new in (
        ("region.yaml", "currency: EUR", "currency: euro"),
        ("companies.csv", ";00000102;", ";KvK onbekend;"),
        ("planning.csv", ";22-03-2019;", ";22 maart;"),
        ("activities.yaml", "minutes: 100, preparationMinutes: 35", "minutes: -100, preparationMinutes: 35"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    done = played(folder, tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.replace(f"{folder}/", "").splitlines() == [
        "region.yaml: consortium.currency: String should match pattern '^[A-Z]{3}$'.",
        "activities.yaml: offers.0.minutes: Input should be greater than or equal to 1.",
        "companies.csv: row 3, column kvk: 'KvK onbekend' is no KvK number: it has 8 digits. Copy it again from the "
        "register.",
        "planning.csv: row 4, column day: '22 maart' is no day. Write it as 2019-03-27 or 27-03-2019.",
    ]


def test_a_folder_can_be_checked_without_anything_running(tmp_path: Path) -> None:
    done = loaded(PROJECT / "examples" / "gooi-klein", tmp_path, "--check")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("gooi-klein is right: 5 organisations, 11 records.\n")


def test_loading_where_nothing_runs_says_how_to_start_it(tmp_path: Path) -> None:
    done = loaded(PROJECT / "examples" / "gooi-klein", tmp_path)
    assert done.returncode == 1
    assert done.stderr == "Nothing is running to load it into. Start it first: make up.\n"

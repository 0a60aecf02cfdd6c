"""A region folder with mistakes, as an office meets it: every mistake a line, before anything is started."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def played(folder: Path, at: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'proto' / 'gen'}"}
    command = [sys.executable, "-m", "cli", "demo", str(folder)]
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

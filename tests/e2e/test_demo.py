"""The demo as a person runs it: one command, a report in which everything holds, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]


def demo(region: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'proto' / 'gen'}"}
    command = [sys.executable, "-m", "cli", "demo", str(region)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.mark.timeout(120)
def test_the_amersfoort_demo_ends_with_a_report_in_which_every_claim_holds(tmp_path: Path) -> None:
    done = demo(PROJECT / "examples" / "amersfoort", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "build" / "demo-report.json").read_text(encoding="utf-8"))
    kinds = [line["kind"] for line in report["allocation"]]
    assert (kinds.count("spearhead"), kinds.count("location"), kinds.count("unallocated")) == (6, 5, 1)
    assert sum(line["cents"] for line in report["allocation"]) == report["grant_cents"] == 1_000_000_000
    assert report["ledger"]["journal_entries"] == report["ledger"]["entries_before_kill"] > 0
    assert set(report["loaded_again"]) == {"unchanged"}
    assert report["activities"]["hours_booked_automatically_minutes"] == 135
    assert report["activities"]["value_cents"] == 11_250
    assert len(report["holds"]) == 9


def test_a_region_folder_that_is_wrong_is_refused_with_file_place_and_reason(tmp_path: Path) -> None:
    text = (PROJECT / "examples" / "amersfoort" / "region.yaml").read_text(encoding="utf-8")
    (tmp_path / "region.yaml").write_text(text.replace("cents: 1000000000", "cents: a lot"), encoding="utf-8")
    done = demo(tmp_path, tmp_path)
    assert done.returncode == 1
    assert "region.yaml: grant.cents:" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_region_is_refused_with_a_sentence(tmp_path: Path) -> None:
    done = demo(tmp_path, tmp_path)
    assert done.returncode == 1
    assert "Name a folder with a region.yaml." in done.stderr

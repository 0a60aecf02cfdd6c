"""The demo as a person runs it: one command, a report in which everything holds, and nothing left behind."""

import html
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).resolve().parents[2]


def demo(region: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'proto' / 'gen'}"}
    command = [sys.executable, "-m", "cli", "demo", str(region)]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
    )


@pytest.mark.timeout(300)
def test_the_amersfoort_demo_ends_with_a_report_in_which_every_claim_holds(tmp_path: Path) -> None:
    done = demo(PROJECT / "examples" / "amersfoort", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "build" / "demo-report.json").read_text(encoding="utf-8"))
    kinds = Counter(line["kind"] for line in report["allocation"])
    assert kinds == {"spearhead": 6, "location": 5, "unallocated": 1}
    assert sum(line["cents"] for line in report["allocation"]) == report["grant_cents"] == 1_000_000_000
    assert report["agreement"]["parties"] == report["agreement"]["signed"] == 21
    assert report["agreement"]["in_force_since"] == "2019-03-27"
    assert report["activities"]["hours_booked_automatically_minutes"] == 1_075
    assert report["ledger"]["imbalance_cents"] == report["ledger"]["imbalance_minutes"] == report["events"]["lag"] == 0
    assert set(report["loaded_again"]) == {"unchanged"}
    assert all(claim["holds"] for claim in report["claims"])
    sent = report["contributions"]
    assert sent["published"] >= 1_500
    assert sent["published"] == sent["accepted"] + sent["held"] + sent["duplicates"] + sum(sent["refused"].values())
    assert report["broken"]["lost"] == report["broken"]["doubled"] == 0
    assert report["broken"]["published_while_away"] > 0
    assert report["refusal"]["code"] == "unknown-line"
    assert "replaces" in report["refusal"]["sentence"]
    assert report["notifications"]["suppressed_duplicates"] > 0
    assert any(each["state"] == "cancelled" for each in report["planning"]["milestones"])
    assert {step["service"] for step in report["journey"]["steps"]} >= {"funding", "notifications"}
    later = report["later"]
    assert later["released"] == later["contributions"]["held"] == 9
    assert (later["lowered"]["before"]["basis_points"], later["lowered"]["after"]["basis_points"]) == (1_000, 750)
    assert later["closing"]["before_cents"] == later["closing"]["after_cents"] > 0
    assert later["closing"]["late"]["refused"] == {"period-closed": 6}
    assert [each["state"] for each in later["money"]["claims"]] == ["refused", "paid"]
    assert later["report"]["file_whole"] is later["report"]["changed_found"] is later["report"]["reproduced"] is True
    made = later["determination"]
    assert made["received_cents"] - made["reclaimed_cents"] == made["determined_cents"]
    assert later["realised_cents"] == made["counted_cents"] > report["cofinancing"]["realised_cents"]
    assert later["chain"] == "verified"
    page = (tmp_path / "build" / "demo-report.html").read_text(encoding="utf-8")
    assert "STO Amersfoort e.o." in page
    assert later["determination"]["undecided"] in html.unescape(page)
    assert "Een robotarm programmeren" in page
    assert report["refusal"]["sentence"] in html.unescape(page)
    assert "http://" not in page
    assert "https://" not in page


@pytest.mark.timeout(300)
def test_a_region_without_agreement_records_planning_and_lessons_still_plays(tmp_path: Path) -> None:
    whole = PROJECT / "examples" / "gooi-klein"
    region = yaml.safe_load((whole / "region.yaml").read_text(encoding="utf-8"))
    for name in ("agreement", "senders"):
        region.pop(name)
    (tmp_path / "region.yaml").write_text(yaml.safe_dump(region), encoding="utf-8")
    sheet = (whole / "companies.csv").read_text(encoding="utf-8")
    (tmp_path / "companies.csv").write_text(sheet, encoding="utf-8")
    done = demo(tmp_path, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads((tmp_path / "build" / "demo-report.json").read_text(encoding="utf-8"))
    absent = ("agreement", "spreadsheet", "refusal", "lesson", "broken", "planning", "journey", "later")
    assert {name: report[name] for name in absent} == dict.fromkeys(absent)
    assert sum(line["cents"] for line in report["allocation"]) == report["grant_cents"]
    assert report["contributions"]["published"] == 0
    assert all(claim["holds"] for claim in report["claims"])


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

"""A small country as a person loads it: one command, every region's books checked, and figures for a machine."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bench.national.__main__ import wrong
from bench.national.world import country

PROJECT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(170)
def test_a_small_country_is_loaded_reported_and_balanced(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'proto' / 'gen'}"}
    sizes = ["--regions", "3", "--companies", "12", "--contributions", "2000"]
    without = ["--without", "activities", "notifications"]
    command = [sys.executable, "-m", "bench.national", *sizes, *without]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=160, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads((tmp_path / "build" / "national.json").read_text(encoding="utf-8"))
    assert (figures["regions"], figures["companies"], figures["records"]) == (3, 12, 2_000)
    assert figures["wrong"] == []
    counts = {each["name"]: each["done"] for each in figures["phases"]}
    assert counts["send"] == counts["answers"] == 2_000
    assert counts["report"] == 3
    assert 0 < counts["accept"] < 2_000
    assert all(figures["memory_bytes"][name] > 0 for name in ("funding", "partners", "postgres", "kafka"))


def test_a_country_is_the_same_for_the_same_seed_and_has_the_sizes_asked_for() -> None:
    first, again, other = country(78, 10_000, 100_000, 1), country(78, 10_000, 100_000, 1), country(78, 10_000, 99, 2)
    assert len({each.code for each in first}) == 78
    assert sum(len(each.companies) for each in first) == 10_000
    assert sum(each.records for each in first) == 100_000
    assert [list(each.published()) for each in first[:3]] == [list(each.published()) for each in again[:3]]
    assert [each.due for each in first[:3]] == [each.due for each in again[:3]]
    assert all(each.due.sent == each.records for each in first[:3])
    assert [each.code for each in first] != [each.code for each in other]


def test_no_worker_of_a_country_has_two_records_on_a_day_so_that_each_is_found_right_by_rule() -> None:
    (made,) = country(1, 3, 100_000, 5)
    records = [json.loads(body) for body in made.published()]
    hours = {each["id"]: each for each in records if each["kind"] == "hours" and "replaces" not in each}
    worked = Counter((each["organisation"], each["workerRef"], each["day"]) for each in hours.values())
    assert len(records) == 100_000
    assert max(worked.values()) == 1
    assert max(each["minutes"] for each in hours.values()) <= 12 * 60
    assert {"2020-01-01", "2024-12-31"} <= {each["day"] for each in hours.values()}


def test_a_country_whose_receipts_differ_from_its_records_is_said_to_be_wrong() -> None:
    (made,) = country(1, 2, 50, 1)
    list(made.published())
    due = Counter(booked=made.due.booked, duplicate=made.due.duplicate, refused=made.due.refused)
    assert not list(wrong([made], {made.code: due}, []))
    assert list(wrong([made], {made.code: due + Counter(booked=1)}, []))

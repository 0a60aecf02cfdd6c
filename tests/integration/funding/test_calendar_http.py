"""The reporting calendar over HTTP: derived when a rule becomes known, moved with a reason, coming back."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from runtime import ids
from services.funding.calendar import Calendar
from tests.support.funding_door import SCHEME, Door
from tests.support.funding_door import door as door

OWN = {"title": "Annual accounts", "day": "2099-06-01", "tells": ["office"], "remindDaysBefore": [3, 14]}
SERIES = {"title": "Quarter", "from": "2098-10-31", "until": "2099-04-30", "every": "quarter"}


def calendar(door: Door, day: str = "2026-01-01") -> Calendar:
    at = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    return Calendar(door.region.database, clock=lambda: at)


async def told(door: Door) -> list[tuple[str, dict[str, Any]]]:
    async with door.region.transaction() as tx:
        rows = await tx.fetch("SELECT type, data FROM outbox WHERE type LIKE '%reporting-date%' ORDER BY seq")
    return [(row["type"].split(".")[3], json.loads(row["data"])) for row in rows]


async def test_deadlines_of_the_scheme_stand_in_the_calendar_as_known_on_a_day_and_are_derived_once(
    door: Door,
) -> None:
    await door.set_up()
    assert await asyncio.gather(calendar(door, "2023-05-15").run_once(), calendar(door, "2023-05-15").run_once())
    path = "/reporting-dates/sto-2020-progress-report-2"
    before = (await door.ask("GET", path)).json()
    assert (before["day"], before["moves"], before["grant"]) == ("2023-07-01", [], "sto-2020")
    assert before["tells"] == ["lead-partner", "office"]
    assert await calendar(door, "2023-05-16").run_once() == 1
    assert await calendar(door, "2023-05-16").run_once() == 0
    after = (await door.ask("GET", path)).json()
    assert (after["day"], after["firstDay"]) == ("2023-10-01", "2023-07-01")
    assert [(each["fromDay"], each["knownFrom"], each["rule"]) for each in after["moves"]] == [
        ("2023-07-01", "2023-05-16", "progress-2-moved")
    ]
    days = {
        known: {
            each["code"]: each["day"] for each in (await door.ask("GET", f"/reporting-dates?knownOn={known}")).json()
        }
        for known in ("2018-01-01", "2023-05-15", "2023-05-16")
    }
    code = "sto-2020-progress-report-2"
    assert days["2018-01-01"] == {}
    assert (days["2023-05-15"][code], days["2023-05-16"][code]) == ("2023-07-01", "2023-10-01")
    facts = await told(door)
    assert [kind for kind, data in facts if data["code"] == code] == ["reporting-date-planned", "reporting-date-moved"]
    late = {**SCHEME, "rules": [*SCHEME["rules"], _final("2031-03-01")]}
    assert (await door.ask("PUT", "/schemes/sto-2020-2024", late)).status_code == 200
    assert await calendar(door, "2031-02-28").run_once() == 0
    assert await calendar(door, "2031-03-01").run_once() == 1
    assert (await door.ask("GET", "/reporting-dates/sto-2020-final-report")).json()["day"] == "2031-12-31"


def _final(known: str) -> dict[str, Any]:
    terms = {"about": "deadline", "what": "final-report", "day": "2031-12-31"}
    return {"code": "final-moved", "terms": terms, "validFrom": "2020-01-01", "knownFrom": known, "source": "a letter"}


async def test_a_date_of_the_office_is_moved_with_a_reason_completed_and_cancelled(door: Door) -> None:
    await door.region.found()
    path = "/reporting-dates/jaar"
    made = await door.ask("PUT", path, OWN)
    assert (made.status_code, made.headers["result"]) == (201, "created")
    assert (await door.ask("PUT", path, OWN)).headers["result"] == "unchanged"
    over = await door.ask("PUT", path, {**OWN, "day": "2099-06-02"})
    assert (over.status_code, over.json()["code"]) == (409, "moved-without-reason")
    moved = await door.ask("POST", f"{path}/moves", {"day": "2099-06-02", "reason": "the accountant is ill"})
    assert moved.status_code == 201
    assert [(each["fromDay"], each["toDay"], each["reason"]) for each in moved.json()["moves"]] == [
        ("2099-06-01", "2099-06-02", "the accountant is ill")
    ]
    assert moved.json()["moves"][0]["movedBy"]
    early = await door.ask("POST", f"{path}/completion", {"on": "2099-06-02"})
    assert (early.status_code, early.json()["code"]) == (400, "completed-in-future")
    assert (await door.ask("POST", f"{path}/completion", {"on": "2020-01-01", "report": "geen"})).status_code == 404
    done = await door.ask("POST", f"{path}/completion", {"on": "2020-01-01"})
    assert done.json()["state"] == "completed"
    gone = await door.ask("POST", f"{path}/cancellation", {"reason": "not needed"})
    assert (gone.status_code, gone.json()["code"]) == (409, "date-settled")
    assert [kind for kind, _ in await told(door)] == [
        *("reporting-date-planned", "reporting-date-moved", "reporting-date-completed")
    ]
    await door.ask("PUT", "/reporting-dates/oud", {**OWN, "day": "2020-06-01"})
    assert [each["code"] for each in (await door.ask("GET", "/reporting-dates?state=overdue")).json()] == ["oud"]


async def test_rivals_move_a_date_one_after_the_other_and_no_move_is_lost(door: Door) -> None:
    await door.region.found()
    assert (await door.ask("PUT", "/reporting-dates/jaar", OWN)).status_code == 201
    days = [f"2099-07-{day:02}" for day in range(1, 9)]
    answers = await asyncio.gather(
        *(door.ask("POST", "/reporting-dates/jaar/moves", {"day": day, "reason": "why not"}) for day in days)
    )
    assert {answer.status_code for answer in answers} == {201}
    found = (await door.ask("GET", "/reporting-dates/jaar")).json()
    assert len(found["moves"]) == len(days)
    for before, after in zip(found["moves"], found["moves"][1:], strict=False):
        assert before["toDay"] == after["fromDay"]


async def test_a_series_plans_its_dates_and_a_change_leaves_what_was_moved(door: Door) -> None:
    await door.region.found()
    made = await door.ask("PUT", "/reporting-series/kwartaal", SERIES)
    assert made.headers["result"] == "created", made.text
    assert (await door.ask("PUT", "/reporting-series/kwartaal", SERIES)).headers["result"] == "unchanged"
    dates = (await door.ask("GET", "/reporting-dates?from=2098-01-01")).json()
    assert [each["code"] for each in dates] == [f"kwartaal-{day}" for day in ("2098-10-31", "2099-01-31", "2099-04-30")]
    await door.ask("POST", "/reporting-dates/kwartaal-2099-04-30/moves", {"day": "2099-05-07", "reason": "holidays"})
    shorter = {**SERIES, "until": "2098-12-31", "title": "Every quarter"}
    assert (await door.ask("PUT", "/reporting-series/kwartaal", shorter)).headers["result"] == "changed"
    after = {each["code"]: each for each in (await door.ask("GET", "/reporting-dates")).json()}
    assert [after[f"kwartaal-{day}"]["state"] for day in ("2098-10-31", "2099-01-31", "2099-04-30")] == [
        *("planned", "cancelled", "planned")
    ]
    assert after["kwartaal-2098-10-31"]["title"] == "Every quarter"
    assert after["kwartaal-2099-04-30"]["firstDay"] == "2099-04-30"
    many = await door.ask("PUT", "/reporting-series/week", {**SERIES, "every": "week", "from": "2000-01-01"})
    assert (many.status_code, many.json()["code"]) == (400, "series-too-long")


@pytest.mark.parametrize("role", ["controller", "accountant", "school", "company"])
async def test_only_the_office_writes_in_the_calendar(door: Door, role: str) -> None:
    assert (await door.ask("PUT", "/reporting-dates/jaar", OWN, role=role)).status_code == 403


async def test_another_region_sees_none_of_it(door: Door) -> None:
    await door.region.found()
    await door.ask("PUT", "/reporting-dates/jaar", OWN)
    other = ids.new_id()
    assert (await door.ask("GET", "/reporting-dates/jaar", at=other)).status_code in (404, 503)

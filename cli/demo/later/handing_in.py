"""Handing in: the date of the reporting calendar that a report fulfils, and the books as a sheet, added up outside."""

import csv
import io
from datetime import date, timedelta
from typing import Any

from cli.demo.stage import DemoFailed, Stage
from cli.region.model import Later as Told
from cli.report.later import Calendar, DateMoved, TakenAway

ACCEPTED = "accepted"


async def hand_in(stage: Stage, told: Told) -> Calendar | None:
    """The calendar of the region, with the date that the report fulfils done; None when the folder says of none."""
    wanted, report = told.handed_in, told.report
    if wanted is None or report is None or stage.region.grant is None:
        return None
    dates = await stage.office.get("funding", "/v1/reporting-dates")
    body = {"on": wanted.completed_on.isoformat(), "report": report.code}
    done = await stage.office.post("funding", f"/v1/reporting-dates/{wanted.code}/completion", body)
    stage.say("a year later", f"{len(dates)} dates in the calendar, {done['title']} of {done['day']} is handed in")
    moved = [each for each in dates if each["moves"]]
    return Calendar(
        dates=len(dates),
        moved=await _moved(stage, moved[0]) if moved else None,
        done=done["title"],
        due=done["day"],
        done_on=done["completedOn"],
        report=done["report"],
        state=done["state"],
    )


async def _moved(stage: Stage, found: dict[str, Any]) -> DateMoved:
    """A date that stands elsewhere since a rule was known, and where it stood to whoever asks as known before that."""
    last = found["moves"][-1]
    known_from = date.fromisoformat(last["knownFrom"])
    before = await stage.office.get("funding", f"/v1/reporting-dates?knownOn={known_from - timedelta(days=1)}")
    (then,) = [each for each in before if each["id"] == found["id"]]
    return DateMoved(
        title=found["title"],
        from_day=last["fromDay"],
        to_day=last["toDay"],
        known_from=known_from,
        known_before=then["day"],
    )


async def take_away(stage: Stage, booked_cents: int) -> TakenAway:
    """The contributions as a sheet, added up by whoever took it; `booked_cents` is what the ledger's accounts hold."""
    verdict = await stage.office.get("funding", "/v1/ledger/verification")
    sheet = await stage.office.content("funding", "/v1/tables/contributions?format=csv&separator=semicolon")
    rows = list(csv.DictReader(io.StringIO(sheet.decode("utf-8-sig")), delimiter=";"))
    anchors = {row["checkpoint"] for row in rows}
    if len(anchors) != 1:
        raise DemoFailed(f"The sheet of contributions names {len(anchors)} seals, and it rests on one.")
    accepted = [row for row in rows if row["bookedAs"] == ACCEPTED]
    stage.say("a year later", f"{len(rows)} contributions taken away as a sheet")
    return TakenAway(
        rows=len(rows),
        bytes=len(sheet),
        accepted_cents=sum(int(row["bookedCents"]) for row in accepted),
        accepted_minutes=sum(int(row["bookedMinutes"]) for row in accepted),
        anchor=anchors.pop(),
        sealed=f"{verdict['entries']}:{verdict['head']}",
        booked_cents=booked_cents,
    )

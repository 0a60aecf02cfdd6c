"""The second act: a year passes, and the grant is accounted for, by the persons who may, through the same doors."""

import time
from datetime import date
from typing import Any

from cli.demo.later import account, closing, determine, form, handing_in, rules, spend, year
from cli.demo.prove import sealed
from cli.demo.stage import Stage
from cli.report.later import Later

ACCEPTED = "memo/accepted/"


async def later(stage: Stage) -> Later | None:
    """What a year brought; None when the region's folder does not say what happened."""
    told = stage.region.later
    if told is None:
        stage.say("a year later", "the folder has no later.yaml, so the story ends here")
        return None
    began = time.monotonic()
    grant_cents = await year.money_comes_in(stage, told)
    lowered = await rules.lowered(stage)
    asked = await form.ask(stage, told)
    async with year.systems(stage) as systems:
        brought = await year.pass_by(stage, told, systems)
        closed = await closing.close(stage, told, systems)
    moved = await spend.move(stage, told)
    money = await spend.spend(stage, told)
    await sealed(stage)
    realised = await position(stage, told.report_on)
    accounts = await stage.office.get("funding", f"/v1/ledger/accounts?prefix={ACCEPTED}")
    booked_cents = sum(each["cents"] for each in accounts)
    report = await account.report(stage, told)
    calendar = await handing_in.hand_in(stage, told)
    taken = await handing_in.take_away(stage, booked_cents)
    determination = await determine.determine(stage, told)
    if report is not None:
        report = await account.made_again(stage, report)
    if lowered is not None:
        lowered = await rules.asked_again(stage, lowered)
    verdict = await sealed(stage)
    stage.say("a year later", f"{verdict['entries']} entries, {'verified' if verdict['ok'] else 'broken'}")
    return Later(
        as_of=told.report_on,
        grant_cents=grant_cents,
        contributions=brought.contributions,
        released=brought.released,
        accepted=brought.accepted,
        realised_cents=realised["realisedCents"],
        realised_minutes=realised["realisedMinutes"],
        booked_cents=booked_cents,
        correction=brought.correction,
        asked=asked,
        lowered=lowered,
        closing=closed,
        moved=moved,
        money=money,
        report=report,
        calendar=calendar,
        taken=taken,
        determination=determination,
        journal_entries=verdict["entries"] + verdict["unsealed"],
        imbalance_cents=verdict["imbalanceCents"],
        imbalance_minutes=verdict["imbalanceMinutes"],
        chain="verified" if verdict["ok"] else "broken",
        seconds=round(time.monotonic() - began, 1),
    )


async def position(stage: Stage, day: date) -> Any:
    """Where the co-financing stands on a day."""
    return await stage.office.get("funding", f"/v1/positions/programme?asOf={day}")

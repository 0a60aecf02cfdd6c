"""Account: a second person accepts, and the position, the call list and the sheet that would have been are drawn up."""

from collections import Counter
from datetime import date
from typing import Any

from cli.demo.carry_out import CarriedOut, outcomes
from cli.demo.lessons import Played
from cli.demo.stage import Stage
from cli.region.model import Grant
from cli.report import naive
from cli.report.model import Activities, Call, Cause, Cofinancing, Reading, Spreadsheet
from cli.report.naive import Answer
from cli.report.part import Contributions


async def accept(stage: Stage) -> list[dict[str, Any]]:
    """The controller accepts what was verified until the day of the report; all contributions as they are then."""
    up_to = {"upTo": stage.region.report_on.isoformat()}
    done = await stage.controller.post("funding", "/v1/contribution-acceptances", up_to)
    stage.say("account", f"a second person accepted {done['accepted']} contributions")
    return await stage.office.every("funding", "/v1/contributions")


def contributions(done: CarriedOut) -> Contributions:
    """What became of every record; each ended as exactly one of these."""
    ended = Counter(answer.outcome for _, answer in outcomes(done))
    refused = Counter(answer.codes[0] for _, answer in outcomes(done) if answer.outcome == "refused")
    return Contributions(
        published=done.published,
        accepted=ended["booked"],
        held=ended["held"],
        duplicates=ended["duplicate"],
        refused=dict(refused.most_common()),
        senders=len({sent.sender for sent, _ in outcomes(done)}),
        over_rest=len(done.over_rest),
    )


async def spreadsheet(stage: Stage, done: CarriedOut, booked: list[dict[str, Any]]) -> Spreadsheet | None:
    """What a sheet would add up of the same records, and where it goes wrong, from the receipts and the books.

    Nothing when nothing was sent, or when no scheme of a grant says what an hour is worth.
    """
    if not done.published or stage.region.grant is None:
        return None
    cents_per_hour = await _hourly_rate(stage, stage.region.grant)
    now = {each["id"]: each for each in booked}
    answers: dict[str, Answer] = {}
    for one, receipt in outcomes(done):
        contribution = now.get(receipt.says.get("contributionId", ""))
        state, cents = "", 0
        if receipt.outcome == "booked" and contribution is not None:
            state = contribution["state"]
            own = receipt.says.get("valueCents") or 0
            cents = own if state == "accepted" else 0
        answers[one.record] = Answer(receipt.outcome, receipt.codes, cents, state)
    sent = [each for each, _ in outcomes(done)]
    total, causes = naive.causes(sent, answers, cents_per_hour)
    lessons = [each for each in booked if each["origin"] == "lesson" and each["state"] == "accepted"]
    if lessons:
        by_themselves = sum(each["valueCents"] for each in lessons)
        causes += (
            Cause(code="lessons", records=len(lessons), cents=by_themselves, sentence=naive.sentence("lessons")),
        )
    return Spreadsheet(
        cents_per_hour=cents_per_hour,
        records=len(sent),
        unreadable=sum(naive.document(each.body) is None for each in sent),
        naive_cents=total,
        causes=causes,
        provable_cents=sum(each["valueCents"] for each in booked if each["state"] == "accepted"),
    )


async def cofinancing(stage: Stage, naive_cents: int) -> Cofinancing | None:
    """Where the co-financing stands on the day of the report, by the service; none is asked without a grant."""
    if stage.region.grant is None:
        return None
    day = stage.region.report_on.isoformat()
    found = await stage.office.get("funding", f"/v1/positions/programme?asOf={day}")
    calls = (await stage.office.get("funding", f"/v1/positions/calls?asOf={day}&limit=10"))["items"]
    readings = tuple(
        Reading(
            base=each["base"],
            basis_points=each.get("basisPoints") or 0,
            required_cents=each["requiredCents"],
            shortfall_cents=each["shortfallCents"],
            reached_basis_points=each["reachedBasisPoints"],
            forecast_shortfall_cents=each["forecastShortfallCents"],
        )
        for each in found["readings"]
    )
    most = max(readings, key=lambda each: each.required_cents)
    return Cofinancing(
        as_of=date.fromisoformat(found["asOf"]),
        required_cents=most.required_cents,
        realised_cents=found["realisedCents"],
        realised_minutes=found["realisedMinutes"],
        percent=most.reached_basis_points / 100,
        naive_cents=naive_cents,
        declared_cents=found["declaredCents"],
        promised_cents=found["promisedCents"],
        forecast_cents=found["forecastCents"],
        rule=found.get("rule") or "",
        readings=readings,
        calls=tuple(_call(each) for each in calls),
    )


def activities(
    done: CarriedOut, played: list[Played], counted: dict[str, Any], booked: list[dict[str, Any]]
) -> Activities:
    """Lessons and visits, and the hours that they booked by themselves."""
    by_themselves = [each for each in booked if each["origin"] == "lesson"]
    met = sum("already-booked" in answer.codes for _, answer in outcomes(done))
    return Activities(
        booked=counted["booked"],
        completed=counted["completed"],
        hours_booked_automatically_minutes=sum(each["minutes"] for each in by_themselves),
        value_cents=sum(each["valueCents"] for each in by_themselves),
        entries=len(by_themselves),
        confirmed=sum(each.planned.outcome == "confirmed" for each in played),
        met=met,
    )


def _call(found: dict[str, Any]) -> Call:
    sentence = found["sentence"]
    return Call(
        code=found["organisation"],
        name=found["name"],
        pledged_cents=found["pledgedCents"],
        delivered_cents=found["deliveredCents"],
        at_stake_cents=found["atStakeCents"],
        sentence=sentence if isinstance(sentence, str) else sentence["en"],
    )


async def _hourly_rate(stage: Stage, grant: Grant) -> int:
    """What an hour of work is worth by the scheme's own rule, in cents, as the service has it."""
    scheme = await stage.office.get("funding", f"/v1/schemes/{grant.scheme}")
    terms = [rule["terms"] for rule in scheme["rules"]]
    return int(next(each["centsPerHour"] for each in terms if each["about"] == "rate" and each["kind"] == "hours"))

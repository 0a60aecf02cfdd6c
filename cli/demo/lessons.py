"""Lessons: schools ask, companies offer, a lesson is held, and its hours flow into the books by themselves."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.demo.stage import DemoFailed, Stage, together
from cli.portal import Portal
from cli.region.model import Import
from cli.region.model import Lesson as Planned
from cli.report.model import Lesson, Moment


@dataclass(frozen=True, slots=True)
class Played:
    """A lesson that was played: what the services said of it, and when."""

    planned: Planned
    activity: dict[str, Any]
    ranking: dict[str, Any]
    moments: tuple[Moment, ...]
    event: str


async def lessons(stage: Stage) -> list[Played]:
    """Plays the lessons of the region, one after the other per school; the first is the one the report follows."""
    region = stage.region
    await together(_offer(stage, offer.company, offer.code, offer.body("code", "company")) for offer in region.offers)
    asked = {each.request for each in region.lessons}
    await together(_ask(stage, each.code) for each in region.requests if each.code not in asked)
    played = [await _play(stage, each) for each in region.lessons]
    await together(_import(stage, each) for each in region.imports)
    if played:
        confirmed = sum(each.planned.outcome == "confirmed" for each in played)
        stage.say(
            "lessons", f"{len(played)} asked and found, {confirmed} held and confirmed, {len(region.imports)} imported"
        )
    return played


async def _offer(stage: Stage, company: str, code: str, body: dict[str, Any]) -> None:
    body["companyId"] = str(stage.organisation_id(company))
    await stage.office.put("activities", f"/v1/offers/{code}", body)


async def _ask(stage: Stage, code: str) -> Portal:
    asked = next(each for each in stage.region.requests if each.code == code)
    school = await stage.of(asked.school)
    body = {**asked.body("code", "school"), "schoolId": str(stage.organisation_id(asked.school))}
    await school.put("activities", f"/v1/requests/{code}", body)
    return school


async def _import(stage: Stage, sign_up: Import) -> None:
    body = sign_up.body("external_ref", "school", "company")
    body["schoolId"] = str(stage.organisation_id(sign_up.school))
    body["companyId"] = str(stage.organisation_id(sign_up.company))
    await stage.office.put("activities", f"/v1/imports/{sign_up.external_ref}", body)


async def _play(stage: Stage, planned: Planned) -> Played:
    moments: list[Moment] = []

    def note(what: str) -> None:
        moments.append(Moment(what=what, at=datetime.now(UTC)))

    school = await _ask(stage, planned.request)
    note("asked by the school")
    request = f"/v1/requests/{planned.request}"
    ranking = await school.post("activities", f"{request}/candidates")
    note(f"{len(ranking['candidates'])} candidates ranked, {len(ranking['misfits'])} fell out")
    wish: dict[str, Any] = {"activityCode": planned.code}
    wish |= {name: value for name, value in (("offerCode", planned.offer), ("room", planned.room)) if value}
    if planned.starts_at is not None:
        wish["startsAt"] = planned.starts_at.isoformat()
    held = await school.post("activities", f"{request}/holds", wish)
    note("the first in line is softly held")
    offer = next((o for o in stage.region.offers if str(stage.organisation_id(o.company)) == held["companyId"]), None)
    if offer is None:
        raise DemoFailed(f"The lesson {planned.code} was held with a company that offers nothing.")
    company = await stage.of(offer.company)
    path = f"/v1/activities/{held['code']}"
    activity = await company.post("activities", f"{path}/acceptance")
    note("accepted by the company")
    if planned.outcome == "cancelled":
        activity = await stage.office.post("activities", f"{path}/cancellation", {"reason": planned.reason})
        note("cancelled by the programme office, as it was too late for the company to do")
    if planned.outcome in ("completed", "confirmed") and planned.attendance is not None:
        activity = await company.post("activities", f"{path}/completion", planned.attendance.body())
        note("reported as done by the company")
    if planned.outcome == "confirmed":
        counted = planned.counted.body() if planned.counted is not None else None
        activity = await school.post("activities", f"{path}/confirmation", counted)
        note("confirmed by the school")
    return Played(planned, activity, ranking, tuple(moments), school.events[-1] if school.events else "")


async def told(stage: Stage, played: list[Played]) -> Lesson | None:
    """The lesson that the report follows: the first that was confirmed, with what funding made of it."""
    one = next((each for each in played if each.planned.outcome == "confirmed"), None)
    if one is None:
        return None
    booked = await stage.office.every("funding", "/v1/contributions")
    mine = [each for each in booked if each["activityId"] == one.activity["id"]]
    if len(mine) != 1:
        raise DemoFailed(f"The lesson {one.planned.code} was booked {len(mine)} times; it must be once.")
    entries = await stage.office.every("funding", f"/v1/ledger/entries?subjectId={mine[0]['id']}")
    first = datetime.fromisoformat(entries[0]["recordedAt"])
    after = first - one.moments[-1].at
    how = (
        f"{after / timedelta(milliseconds=1):.0f} ms after the answer"
        if after > timedelta()
        else "before the school's answer was back"
    )
    best = next(each for each in one.ranking["candidates"] if each["companyId"] == one.activity["companyId"])
    others = [f"{each['title']}: {each['score']} points" for each in one.ranking["candidates"] if each is not best]
    others += [f"{_offered(stage, each['offerCode'])}: {each['reason']}" for each in one.ranking["misfits"]]
    names = {str(stage.organisation_id(each.code)): each.name for each in stage.region.organisations}
    return Lesson(
        title=one.activity["title"],
        code=one.activity["code"],
        school=names[one.activity["schoolId"]],
        company=names[one.activity["companyId"]],
        line=one.activity["line"],
        starts_at=datetime.fromisoformat(one.activity["startsAt"]),
        state=one.activity["state"],
        score=best["score"],
        reasons=tuple(best["reasons"]),
        others=tuple(others),
        minutes=mine[0]["minutes"],
        value_cents=mine[0]["valueCents"],
        rule=mine[0]["rule"],
        accepted=mine[0]["state"] == "accepted",
        moments=(*one.moments, Moment(what=f"in the books of funding, {how}", at=first)),
    )


def _offered(stage: Stage, code: str) -> str:
    return stage.region.offer(code).title

"""A year passes: money comes in, companies go on sending, and correct what was accepted long ago."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from cli.demo.stage import DemoFailed, Stage, together
from cli.demo.systems import Published, Receipt, Systems
from cli.region.model import Later as Told
from cli.report.later import Correction
from cli.report.naive import document
from cli.report.part import Contributions

ANSWER_SECONDS = 60
OF_ACCEPTED = "period-closed"


@dataclass(frozen=True, slots=True)
class Brought:
    """What the year's records came to."""

    contributions: Contributions
    released: int
    accepted: int
    correction: Correction | None


async def money_comes_in(stage: Stage, told: Told) -> int:
    """What was awarded since the first report is added, and what was paid is recorded; the grant in cents."""
    grant = stage.region.grant
    if grant is None:
        return 0
    path = f"/v1/grants/{grant.code}"
    held = await stage.office.get("funding", path)
    known = {each["code"] for each in held["supplements"]}
    for each in stage.region.supplements_until(told.report_on):
        if each.code not in known:
            held = await stage.office.post("funding", f"{path}/supplements", each.body())
    for paid in told.instalments:
        await stage.office.put("funding", f"{path}/instalments/{paid.code}", paid.body("code"))
    stage.say("a year later", f"{len(told.instalments)} instalments recorded, the grant supplemented")
    return int(held["cents"])


def systems(stage: Stage) -> Systems:
    """The companies' systems, connected anew."""
    return Systems(stage.logins, stage.stack.kafka_admin)


async def publish(systems: Systems, sent: dict[str, tuple[bytes, ...]]) -> list[Published]:
    """Publishes these records, and returns when each has its answer."""
    done = await systems.publish((sender, body) for sender, lines in sent.items() for body in lines)
    await systems.wait(systems.all_answered, ANSWER_SECONDS, "an answer to each of the later records")
    return done


async def pass_by(stage: Stage, told: Told, systems: Systems) -> Brought:
    """The year's records are answered, the office decides on corrections of what was accepted, a second accepts."""
    sent = await publish(systems, told.year)
    answers = [(each, answer) for each in sent if (answer := systems.answer(each.record)) is not None]
    waiting = [each for each in await stage.office.every("funding", "/v1/held-records") if _of_accepted(each)]
    shown = await _before(stage, answers, waiting)
    await together(
        stage.office.post("funding", f"/v1/held-records/{each['id']}/release", {"reason": told.held_because})
        for each in waiting
    )
    up_to = {"upTo": told.report_on.isoformat()}
    accepted = await stage.controller.post("funding", "/v1/contribution-acceptances", up_to)
    stage.say(
        "a year later",
        f"{len(sent)} records sent, {len(waiting)} corrections of what was accepted let through by the office,"
        f" {accepted['accepted']} contributions accepted",
    )
    return Brought(counted(sent, systems), len(waiting), accepted["accepted"], await _after(stage, shown))


def counted(sent: list[Published], systems: Systems) -> Contributions:
    """What became of these records; each ended as exactly one of these."""
    answers = [answer for each in sent if (answer := systems.answer(each.record)) is not None]
    ended = Counter(each.outcome for each in answers)
    return Contributions(
        published=len(sent),
        accepted=ended["booked"],
        held=ended["held"],
        duplicates=ended["duplicate"],
        refused=dict(Counter(each.codes[0] for each in answers if each.outcome == "refused").most_common()),
        senders=len({each.sender for each in sent}),
    )


def _of_accepted(held: dict[str, Any]) -> bool:
    return any(reason["code"] == OF_ACCEPTED for reason in held["reasons"])


@dataclass(frozen=True, slots=True)
class _Shown:
    """The correction that the report follows, before it is decided on."""

    sender: str
    record: str
    replaces: str
    sentence: str
    language: str
    before_cents: int


async def _before(
    stage: Stage, answers: list[tuple[Published, Receipt]], waiting: list[dict[str, Any]]
) -> _Shown | None:
    """The first correction that waits, with what it corrects as it is in the books now."""
    held = {(each["sender"], each["recordId"]): each["content"] for each in waiting}
    for sent, answer in answers:
        content = held.get((sent.sender, answer.says["id"]))
        if content is None or "replaces" not in content:
            continue
        language = stage.region.consortium.language
        before = await _booked(stage, sent.sender, content["replaces"], document(sent.body) or {})
        return _Shown(
            sent.sender,
            answer.says["id"],
            content["replaces"],
            answer.sentence(language),
            language,
            before["valueCents"],
        )
    return None


async def _after(stage: Stage, shown: _Shown | None) -> Correction | None:
    """The same correction, as it is in the books when it was let through and accepted."""
    if shown is None:
        return None
    now = await stage.office.every("funding", "/v1/contributions?state=accepted")
    found = [each for each in now if (each["sender"], each["recordId"]) == (shown.sender, shown.record)]
    gone = [each for each in now if (each["sender"], each["recordId"]) == (shown.sender, shown.replaces)]
    if len(found) != 1 or gone:
        raise DemoFailed(f"{shown.record} was let through, and is in the books {len(found)} times.")
    return Correction(
        sender=shown.sender,
        record=shown.record,
        replaces=shown.replaces,
        sentence=shown.sentence,
        language=shown.language,
        before_cents=shown.before_cents,
        after_cents=found[0]["valueCents"],
    )


async def _booked(stage: Stage, sender: str, record: str, body: dict[str, Any]) -> dict[str, Any]:
    whose = body["organisation"]
    mine = await stage.office.every("funding", f"/v1/contributions?state=accepted&organisation={whose}")
    return next(each for each in mine if (each["sender"], each["recordId"]) == (sender, record))

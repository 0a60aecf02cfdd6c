"""A period is closed, and what comes for it afterwards changes nothing in it."""

from cli.demo.later.year import counted, publish
from cli.demo.stage import Stage
from cli.demo.systems import Systems
from cli.region.model import Later as Told
from cli.report.later import Closing


async def close(stage: Stage, told: Told, systems: Systems) -> Closing | None:
    """The controller closes a period, then records of it come in; None when the folder closes none."""
    if told.close_until is None:
        return None
    await stage.controller.post("funding", "/v1/period-closings", {"until": told.close_until.isoformat()})
    asked = f"/v1/positions/programme?asOf={told.close_until}"
    before = await stage.office.get("funding", asked)
    late = await publish(systems, told.closed)
    after = await stage.office.get("funding", asked)
    answers = [answer for each in late if (answer := systems.answer(each.record)) is not None and answer.codes]
    language = stage.region.consortium.language
    stage.say("a year later", f"closed until {told.close_until}; {len(late)} records came too late")
    return Closing(
        until=told.close_until,
        before_cents=before["realisedCents"] + before["declaredCents"],
        after_cents=after["realisedCents"] + after["declaredCents"],
        late=counted(late, systems),
        sentence=answers[0].sentence(language) if answers else "",
        language=language,
    )

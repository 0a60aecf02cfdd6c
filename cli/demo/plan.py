"""Plan: the region folder is put into the services, twice to see that nothing changes, and its planning is told."""

from cli.demo.stage import Stage, together
from cli.portal import Portal
from cli.region import Region
from cli.region.load import partners_steps

CATCH_UP_SECONDS = 60


async def plan(stage: Stage) -> tuple[dict[str, int], dict[str, int]]:
    """Loads the region twice; the results of the first and of the second time."""
    first = await load(stage.region, stage.office, stage.stack.issuer)
    stage.say("plan", f"{stage.region.consortium.name} is loaded: {_told(first)}")
    await stage.operators.caught_up(CATCH_UP_SECONDS)
    await load_planning(stage, cancelled=False)
    second = await load(stage.region, stage.office, stage.stack.issuer)
    stage.say("plan", f"loaded again: {_told(second)}")
    return first, second


async def load(region: Region, office: Portal, issuer: str) -> dict[str, int]:
    """Puts who takes part; how many things were created, changed or left as they were."""
    office.results.clear()
    for step in partners_steps(region, issuer):
        await together(office.put(each.service, each.path, each.body) for each in step.puts)
    return dict(office.results)


async def load_planning(stage: Stage, *, cancelled: bool) -> None:
    """Puts the milestones; what is cancelled in the end first as if it were not, so that people hear of it."""
    for milestone in stage.region.milestones:
        body = milestone.body("code")
        if milestone.cancelled and not cancelled:
            body = {name: value for name, value in body.items() if name not in ("cancelled", "reason")}
        await stage.office.put("notifications", f"/v1/milestones/{milestone.code}", body)


async def cancel(stage: Stage) -> None:
    """What is cancelled in the folder is cancelled, once people were told that it was planned."""
    if stage.serves("notifications", "/notices") and any(each.cancelled for each in stage.region.milestones):
        await stage.operators.caught_up(CATCH_UP_SECONDS)
        await load_planning(stage, cancelled=True)
        stage.say("plan", "a date was cancelled, and everyone who knew of it is told")


def _told(results: dict[str, int]) -> str:
    return ", ".join(f"{count} {result}" for result, count in sorted(results.items())) or "nothing"

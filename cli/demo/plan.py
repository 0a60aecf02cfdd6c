"""Plan: the region folder is put into the services, twice to see that nothing changes, and its planning is told."""

import asyncio
from typing import Any

from cli.demo.stage import DemoFailed, Stage, together
from cli.portal import Portal
from cli.region import Region
from cli.region.load import partners_steps
from cli.region.model import Milestone

CATCH_UP_SECONDS = 60
TELL_SECONDS = 60
ASK_AGAIN_SECONDS = 0.1


async def plan(stage: Stage) -> tuple[dict[str, int], dict[str, int]]:
    """Loads the region twice; the results of the first and of the second time."""
    first = await load(stage.region, stage.office, stage.stack.issuer)
    stage.say("plan", f"{stage.region.consortium.name} is loaded: {_told(first)}")
    await stage.operators.caught_up(CATCH_UP_SECONDS)
    second = await load(stage.region, stage.office, stage.stack.issuer)
    stage.say("plan", f"loaded again: {_told(second)}")
    return first, second


async def load(region: Region, office: Portal, issuer: str) -> dict[str, int]:
    """Puts who takes part; how many things were created, changed or left as they were."""
    office.results.clear()
    for step in partners_steps(region, issuer):
        await together(office.put(each.service, each.path, each.body) for each in step.puts)
    return dict(office.results)


async def tell_planning(stage: Stage) -> None:
    """The planning is put. What people must know is announced; what is cancelled in the folder is cancelled after that,
    and by mistake announced once more: nobody may be told twice."""
    milestones = stage.region.milestones
    for each in milestones:
        await _put(stage, each, announce=each.kind == "session" or each.cancelled, cancelled=False)
    off = [each for each in milestones if each.cancelled]
    if not off:
        return
    await all_told(stage)
    for announced in ("at once", "again"):
        for each in off:
            await _put(stage, each, announce=True, cancelled=True)
        await all_told(stage)
        stage.say("plan", f"{len(off)} cancelled date was announced {announced}")


async def all_told(stage: Stage) -> Any:
    """Returns when nothing waits to be told any more, with the notices counted. Raises DemoFailed after a minute."""
    try:
        async with asyncio.timeout(TELL_SECONDS):
            while True:
                summary = await stage.office.get("notifications", "/v1/notices/summary")
                if not summary["waiting"] and not summary["claimed"]:
                    return summary
                await asyncio.sleep(ASK_AGAIN_SECONDS)
    except TimeoutError:
        raise DemoFailed(f"After {TELL_SECONDS} s there is still somebody to be told something: {summary}.") from None


async def _put(stage: Stage, milestone: Milestone, *, announce: bool, cancelled: bool) -> None:
    body = {**milestone.body("code"), "announce": announce}
    if milestone.cancelled and not cancelled:
        body = {name: value for name, value in body.items() if name not in ("cancelled", "reason")}
    await stage.office.put("notifications", f"/v1/milestones/{milestone.code}", body)


def _told(results: dict[str, int]) -> str:
    return ", ".join(f"{count} {result}" for result, count in sorted(results.items())) or "nothing"

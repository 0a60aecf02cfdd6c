"""Plan: the region folder is put into the services, once more to see that nothing changes, and its planning is told."""

from collections.abc import Iterable
from typing import Any

from cli.demo.stage import Stage, together
from cli.portal import Portal
from cli.region import Region

Put = tuple[str, str, dict[str, Any]]
CATCH_UP_SECONDS = 60


async def load(stage: Stage) -> dict[str, int]:
    """Puts what the office knows; how many things were created, changed or left as they were."""
    office = stage.office
    office.results.clear()
    for puts in _in_order(stage.region, stage.stack.issuer):
        await together(office.put(*each) for each in puts if _served(stage, each))
    return dict(office.results)


async def load_planning(stage: Stage, *, cancelled: bool) -> None:
    """Puts the milestones; what is cancelled in the end first as if it were not, so that people hear of it."""
    for milestone in stage.region.milestones:
        body = milestone.body("code")
        if milestone.cancelled and not cancelled:
            body = {name: value for name, value in body.items() if name not in ("cancelled", "reason")}
        await stage.office.put("notifications", f"/v1/milestones/{milestone.code}", body)


async def plan(stage: Stage) -> tuple[dict[str, int], dict[str, int]]:
    """Loads the region twice; the results of the first and of the second time."""
    first = await load(stage)
    stage.say("plan", f"{stage.region.consortium.name} is loaded: {_told(first)}")
    await stage.operators.caught_up(CATCH_UP_SECONDS)
    await load_planning(stage, cancelled=False)
    second = await load(stage)
    stage.say("plan", f"loaded again: {_told(second)}")
    return first, second


async def cancel(stage: Stage) -> None:
    """What is cancelled in the folder is cancelled, once people were told that it was planned."""
    if stage.serves("notifications", "/notices") and any(each.cancelled for each in stage.region.milestones):
        await stage.operators.caught_up(CATCH_UP_SECONDS)
        await load_planning(stage, cancelled=True)
        stage.say("plan", "a date was cancelled, and everyone who knew of it is told")


async def load_neighbour(region: Region, office: Portal, issuer: str) -> None:
    """Another region on the same installation: only what is needed to have something of its own."""
    for puts in _in_order(region, issuer):
        await together(office.put(*each) for each in puts)


def _in_order(region: Region, issuer: str) -> Iterable[list[Put]]:
    """What can be put side by side, one group after the other."""

    def partners(path: str, body: dict[str, Any]) -> Put:
        return "partners", f"/v1/{path}", body

    yield [partners(f"consortia/{region.code}", region.consortium.body())]
    yield [partners(f"organisations/{each.code}", each.body("code")) for each in region.organisations]
    yield [
        partners(f"programmes/{region.programme.code}", region.programme.body()),
        *(partners(f"persons/{each.code}", each.body("code", "accounts")) for each in region.persons),
        *(partners(f"memberships/{each.code}", each.body("code")) for each in region.memberships),
        *(partners(f"umbrella-mandates/{each.code}", each.body("code")) for each in region.umbrella_mandates),
        *(partners(f"working-groups/{each.code}", each.body("code")) for each in region.working_groups),
    ]
    yield [
        partners(f"persons/{each.code}/account", {"issuer": issuer, "subject": subject})
        for each in region.persons
        for subject in each.accounts
    ]


def _served(stage: Stage, put: Put) -> bool:
    kind = put[1].split("/")[2]
    if kind == "persons":
        return put[1].endswith("/account") or any(p == "/v1/persons/{code}" for _, p in stage.doors)
    return stage.serves("partners", f"/{kind}/")


def _told(results: dict[str, int]) -> str:
    return ", ".join(f"{count} {result}" for result, count in sorted(results.items())) or "nothing"

"""The neighbour: another region on the same installation asks for these books, and gets nothing."""

from collections.abc import Sequence
from typing import Any

from cli.demo.plan import load
from cli.demo.stage import Stage, officers
from cli.portal import Portal, Refused
from cli.region import Region
from cli.report.model import Attempt, Neighbour
from runtime import ids

STRANGER = "sto-elders"


async def arrive(stage: Stage, region: Region | None) -> Portal:
    """The office of the neighbour, its region loaded; a stranger without a region when there is no folder for one."""
    code = region.code if region is not None else STRANGER
    subject = officers(region)[0].accounts[0] if region is not None else "stranger-1"
    office = await Portal.sign_in(stage.client, stage.stack, subject, ["office"], ids.consortium_id(code))
    if region is not None:
        await load(region, office, stage.stack.issuer)
        stage.say("plan", f"beside it {region.consortium.name} is loaded")
    return office


async def ask(stage: Stage, region: Region | None, office: Portal) -> Neighbour:
    """Everything the neighbour tries, in its own name and in ours."""
    ours = {"Consortium-Id": str(stage.tenant)}
    tries: Sequence[tuple[str, str, str, dict[str, str]]] = (
        ("the accounts of the ledger, in its own name", "funding", "/v1/ledger/accounts", {}),
        ("the journal, in our name", "funding", "/v1/ledger/entries", ours),
        ("the export of the books, in our name", "funding", "/v1/ledger/export", ours),
        ("our contributions, in its own name", "funding", "/v1/contributions", {}),
        ("our organisations, in our name", "partners", "/v1/organisations", ours),
        ("our activities, in its own name", "activities", "/v1/activities", {}),
        ("our planning, in its own name", "notifications", "/v1/milestones", {}),
    )
    mine = {each["code"] for each in await office.every("partners", "/v1/organisations")}
    foreign = mine - ({each.code for each in region.organisations} if region is not None else set())
    attempts = [
        Attempt(
            what="all organisations, in its own name",
            answer=f"{len(mine)} of its own, {len(foreign)} of ours",
            seen=len(foreign),
        )
    ]
    attempts += [await _try(office, *each) for each in tries]
    seen = sum(each.seen for each in attempts)
    stage.say("neighbour", f"asked for these books in {len(attempts)} ways and saw {seen} things")
    return Neighbour(
        name=region.consortium.name if region is not None else "A region that is not here",
        code=region.code if region is not None else STRANGER,
        own_organisations=len(mine),
        attempts=tuple(attempts),
    )


async def _try(office: Portal, what: str, service: str, path: str, headers: dict[str, str]) -> Attempt:
    try:
        if path.endswith("/export"):
            rows: list[Any] = (await office.text(service, path, **headers)).splitlines()
        else:
            found = await office.get(service, path, **headers)
            rows = found["items"] if isinstance(found, dict) else found
    except Refused as refused:
        return Attempt(what=what, answer=f"{refused.status}: {refused.detail}", seen=0)
    return Attempt(what=what, answer=f"{len(rows)} found", seen=len(rows))

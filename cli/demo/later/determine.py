"""The determination: refused while it is not clear what the percentage is of, decided by two, approved by a second."""

from cli.demo.stage import DemoFailed, Stage
from cli.portal import Portal, Refused
from cli.region.model import Grant
from cli.region.model import Later as Told
from cli.report.later import Determination, Option
from cli.report.words import BASES
from runtime.words import Words


async def determine(stage: Stage, told: Told) -> Determination | None:
    """What the grant comes to; None when the folder does not say what is proved, or what the percentage is of."""
    wanted, base, grant = told.determination, told.base, stage.region.grant
    if wanted is None or base is None or grant is None:
        return None
    path = f"/v1/grants/{grant.code}/determinations"
    shown = await stage.office.post("funding", f"{path}/preview", {"provedCents": wanted.proved_cents})
    body = wanted.body()
    undecided = await _refused(stage.office, path, body, "A determination was proposed while its base was undecided.")
    scheme = f"/v1/schemes/{grant.scheme}/base-decisions"
    decision = base.body("ground") | {"source": base.ground}
    proposed = await stage.office.post("funding", scheme, decision)
    decided = await stage.controller.post("funding", f"{scheme}/{proposed['id']}/approval")
    made = await stage.office.post("funding", path, body)
    approval = f"/v1/determinations/{made['id']}/approval"
    own = await _refused(stage.second_account, approval, None, "A determination was approved by who proposed it.")
    made = await stage.controller.post("funding", approval)
    result = made["result"]
    about = stage.region.consortium
    money = Words(about.language, about.currency, about.zone).money(result["determinedCents"])
    stage.say("a year later", f"determined by two persons at {money}, the percentage {BASES[decided['base']]}")
    return Determination(
        undecided=undecided,
        options=tuple(
            Option(
                base=each["base"],
                required_cents=each["requiredCents"],
                determined_cents=each["determinedCents"],
                reclaimed_cents=each["reclaimedCents"],
            )
            for each in shown["results"]
        ),
        base=decided["base"],
        own_approval=own,
        grant_cents=made["grantCents"],
        received_cents=made["receivedCents"],
        proved_cents=made["provedCents"],
        counted_cents=made["countedCents"],
        required_cents=result["requiredCents"],
        shortfall_cents=result["shortfallCents"],
        determined_cents=result["determinedCents"],
        reclaimed_cents=result["reclaimedCents"],
        payable_cents=result["payableCents"],
        after=await _added_afterwards(stage, grant),
    )


async def _added_afterwards(stage: Stage, grant: Grant) -> str:
    """What is answered to money that comes in when the grant is determined."""
    late = {"cents": 100, "receivedOn": stage.region.report_on.isoformat(), "reference": "after the determination"}
    try:
        await stage.office.put("funding", f"/v1/grants/{grant.code}/instalments/after-the-determination", late)
    except Refused as refused:
        return refused.detail
    raise DemoFailed("Something was added to a grant that was determined.")


async def _refused(portal: Portal, path: str, body: dict[str, object] | None, otherwise: str) -> str:
    try:
        await portal.post("funding", path, body)
    except Refused as refused:
        return refused.detail
    raise DemoFailed(otherwise)

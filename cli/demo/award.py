"""Award: the grant is registered and divided to the cent; one person proposes, another approves.

A consortium may have no money at all, and a grant that is not divided yet.
"""

from cli.demo.stage import Stage, officers
from cli.portal import Refused
from cli.region.load import plan_body, scheme
from cli.region.model import Grant
from cli.report.model import Line, Money, WhatIf


async def award(stage: Stage) -> tuple[int, tuple[Line, ...], Money | None]:
    """The grant in cents, its lines, and how they came about; 0 and nothing without a grant."""
    region, grant = stage.region, stage.region.grant
    if grant is None:
        stage.say("award", "this region has no grant: nothing is divided, and no co-financing is asked")
        return 0, (), None
    await stage.office.put("funding", f"/v1/schemes/{grant.scheme}", scheme(region, grant))
    held = await stage.office.put("funding", f"/v1/grants/{grant.code}", grant.body("code", "supplements"))
    for supplement in region.supplements:
        held = await stage.office.post("funding", f"/v1/grants/{grant.code}/supplements", supplement.body())
    if region.allocation is None:
        stage.say("award", "the grant is registered, and not divided yet")
        return held["cents"], (), None
    plan = plan_body(grant, region.allocation)
    proposed = await stage.office.put("funding", f"/v1/allocations/{region.allocation.code}", plan)
    four_eyes = ""
    try:
        await stage.second_account.post("funding", f"/v1/allocations/{proposed['id']}/approval")
    except Refused as refused:
        four_eyes = refused.detail
    approved = await stage.controller.post("funding", f"/v1/allocations/{proposed['id']}/approval")
    lines = tuple(_line(stage, each["line"], each["kind"], each["cents"]) for each in approved["lines"])
    stage.say("award", f"{len(lines)} lines, proposed by one person and approved by another")
    proposer, approver = officers(region)
    money = Money(
        awarded_cents=held["awardedCents"],
        supplement_cents=held["cents"] - held["awardedCents"],
        reason=approved["reason"],
        proposed_by=proposer.name,
        approved_by=approver.name,
        four_eyes=four_eyes,
        what_if=await _what_if(stage, grant),
    )
    return approved["grantCents"], lines, money


async def _what_if(stage: Stage, grant: Grant) -> WhatIf | None:
    wanted = stage.region.what_if
    if wanted is None:
        return None
    shown = await stage.office.post("funding", "/v1/allocations/preview", plan_body(grant, wanted))
    return WhatIf(
        change=wanted.reason,
        lines=tuple(_line(stage, each["line"], each["kind"], each["cents"]) for each in shown["lines"]),
    )


def _line(stage: Stage, code: str, kind: str, cents: int) -> Line:
    programme = stage.region.programme
    titles = {each.code: each.title for each in programme.spearheads}
    titles |= {each.code: each.title for each in programme.locations}
    return Line.model_validate({"line": code, "title": titles.get(code, code), "kind": kind, "cents": cents})

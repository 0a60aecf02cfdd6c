"""Money is moved to a line and spent: committed to a school, claimed, refused with a reason, claimed again."""

from typing import Any

from cli.demo.stage import DemoFailed, Stage
from cli.portal import Portal, Refused
from cli.region.model import Later as Told
from cli.region.model import LaterClaim
from cli.report.later import ClaimShown, Moved, Spent


async def move(stage: Stage, told: Told) -> Moved | None:
    """Money moved between lines by the office, approved by the controller; None when the folder moves none."""
    wanted, grant = told.reallocation, stage.region.grant
    if wanted is None or grant is None:
        return None
    before = await _budgets(stage)
    body = wanted.body("code") | {"grant": grant.code}
    proposed = await stage.office.put("funding", f"/v1/reallocations/{wanted.code}", body)
    approval = f"/v1/allocations/{proposed['id']}/approval"
    own = ""
    try:
        await stage.second_account.post("funding", approval)
    except Refused as refused:
        own = refused.detail
    await stage.controller.post("funding", approval)
    after = await _budgets(stage)
    programme = stage.region.programme
    titles = {each.code: each.title for each in programme.spearheads}
    titles |= {each.code: each.title for each in programme.locations}
    stage.say("a year later", f"{len(wanted.moves)} move between lines, proposed by one person, approved by another")
    return Moved(
        reason=proposed["reason"],
        lines=tuple(
            (titles.get(line, line), before.get(line, 0), cents)
            for line, cents in after.items()
            if cents != before.get(line, 0)
        ),
        together_before_cents=sum(before.values()),
        together_after_cents=sum(after.values()),
        own_approval=own,
    )


async def _budgets(stage: Stage) -> dict[str, int]:
    return {each["line"]: each["allocatedCents"] for each in await stage.office.get("funding", "/v1/budgets")}


async def spend(stage: Stage, told: Told) -> Spent | None:
    """The first commitment of the folder with the claims on it; None without one, or without a grant to spend."""
    if stage.region.grant is None:
        return None
    made = {
        each.code: await stage.office.put("funding", f"/v1/commitments/{each.code}", each.body("code"))
        for each in told.commitments
    }
    if not made:
        return None
    first = told.commitments[0]
    owners = {each.code: await stage.of(each.organisation) for each in told.commitments}
    claims = [
        (each, *await _claim(stage, owners[each.commitment], made[each.commitment]["id"], each)) for each in told.claims
    ]
    paid_entry = next((entry for _, _, entry in claims if entry), None)
    mine = [shown for claim, shown, _ in claims if claim.commitment == first.code]
    too_much = await _too_much(owners[first.code], made[first.code], told)
    now = await owners[first.code].get("funding", f"/v1/commitments/{made[first.code]['id']}")
    budgets = await stage.office.get("funding", "/v1/budgets")
    budget = next(each for each in budgets if each["line"] == first.line)
    refused, paid = (_sum(mine, state) for state in ("refused", "paid"))
    stage.say("a year later", f"{len(mine)} claims on a commitment: {_told(mine)}")
    names = {each.code: each.name for each in stage.region.organisations}
    return Spent(
        organisation=names[first.organisation],
        line=first.line,
        purpose=now["purpose"],
        allocated_cents=budget["allocatedCents"],
        committed_cents=now["cents"],
        claims=tuple(mine),
        refused_cents=refused,
        paid_cents=paid,
        left_cents=now["leftCents"],
        line_committed_cents=budget["committedCents"],
        line_claimed_cents=budget["claimedCents"],
        too_much=too_much,
        paid_day=paid_entry["day"] if paid_entry else None,
        paid_says=paid_entry["reason"] if paid_entry else "",
    )


async def _claim(
    stage: Stage, owner: Portal, commitment: str, wanted: LaterClaim
) -> tuple[ClaimShown, dict[str, Any] | None]:
    """Submitted by the school, decided on by the controller, paid by the office; with the payment as it is booked."""
    body = wanted.body("commitment", "refused", "paid") | {"commitmentId": commitment}
    claim = await owner.post("funding", "/v1/claims", body)
    path = f"/v1/claims/{claim['id']}"
    if wanted.refused is not None:
        claim = await stage.controller.post("funding", f"{path}/refusal", wanted.refused.body())
    if wanted.paid is not None:
        await stage.controller.post("funding", f"{path}/approval")
        claim = await stage.office.post("funding", f"{path}/payment", wanted.paid.body())
    seen = await owner.get("funding", path)
    entries = await stage.office.every("funding", f"/v1/ledger/entries?subjectId={claim['id']}")
    paid = next((each for each in entries if each["kind"] == "claim-paid"), None)
    shown = ClaimShown(
        about=seen["about"],
        cents=seen["cents"],
        state=seen["state"],
        reason_code=seen["reasonCode"],
        reason=seen["reason"],
    )
    return shown, paid


async def _too_much(owner: Portal, commitment: dict[str, Any], told: Told) -> str:
    """What the school hears when it claims a cent more than the whole commitment."""
    proofs = [proof.body() for each in told.claims for proof in each.evidence][:1]
    if not proofs:
        return ""
    body = {
        "commitmentId": commitment["id"],
        "cents": commitment["cents"] + 1,
        "about": "a cent more than was committed",
        "evidence": proofs,
    }
    try:
        await owner.post("funding", "/v1/claims", body)
    except Refused as refused:
        return refused.detail
    raise DemoFailed("More was claimed than was committed, and nothing refused it.")


def _sum(claims: list[ClaimShown], state: str) -> int:
    return sum(each.cents for each in claims if each.state == state)


def _told(claims: list[ClaimShown]) -> str:
    return ", ".join(f"{each.state} ({each.reason_code})" if each.reason_code else each.state for each in claims)

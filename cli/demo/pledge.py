"""Pledge: the form goes out, and companies promise hours and material."""

from typing import Any

from cli.demo.stage import Stage, together


async def pledge(stage: Stage) -> int:
    """How many pledges were signed, by the companies themselves."""
    region = stage.region
    await together(
        stage.office.put("funding", f"/v1/statements/{each.code}", each.body("code")) for each in region.statements
    )
    signed = await together(_sign(stage, each.organisation, each.code, each.body("code")) for each in region.pledges)
    if region.statements or signed:
        stage.say("pledge", f"{len(region.statements)} forms went out, {len(signed)} pledges were signed")
    return len(signed)


async def _sign(stage: Stage, organisation: str, code: str, body: dict[str, Any]) -> None:
    company = await stage.of(organisation)
    await company.put("funding", f"/v1/pledges/{code}", body)

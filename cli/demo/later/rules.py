"""The lowered percentage: what the rules asked before a letter was known, and after, both as they were known then."""

from datetime import date, timedelta
from typing import Any

from cli.demo.stage import Stage
from cli.report.later import Known, Lowered


async def lowered(stage: Stage) -> Lowered | None:
    """The percentage for the day of the first report as known the day before its last change, and on the day after.

    None when the scheme's percentage was never changed.
    """
    grant = stage.region.grant
    if grant is None:
        return None
    scheme = await stage.office.get("funding", f"/v1/schemes/{grant.scheme}")
    asked = [rule for rule in scheme["rules"] if rule["terms"]["about"] == "cofinancing"]
    asked.sort(key=lambda rule: rule["knownFrom"])
    if len(asked) < 2:
        return None
    changed = date.fromisoformat(asked[-1]["knownFrom"])
    before = await _known(stage, changed - timedelta(days=1))
    after = await _known(stage, changed)
    stage.say(
        "a year later",
        f"the percentage was {before.basis_points / 100:g}% as known on {before.known_on}, and"
        f" {after.basis_points / 100:g}% from the day after",
    )
    return Lowered(as_of=stage.region.report_on, before=before, after=after, again=before, source=asked[-1]["source"])


async def asked_again(stage: Stage, found: Lowered) -> Lowered:
    """The same with the first question asked again."""
    return found.model_copy(update={"again": await _known(stage, found.before.known_on)})


async def _known(stage: Stage, day: date) -> Known:
    asked = f"/v1/positions/programme?asOf={stage.region.report_on}&knownOn={day}"
    stands: dict[str, Any] = await stage.office.get("funding", asked)
    readings = stands["readings"]
    return Known(
        known_on=day,
        rule=stands.get("rule") or "",
        basis_points=readings[0].get("basisPoints") or 0,
        required_cents={each["base"]: each["requiredCents"] for each in readings},
    )

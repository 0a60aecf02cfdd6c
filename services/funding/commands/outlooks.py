"""What the position means in euros: what is at risk, year by year, and without an organisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from runtime.postgres import Tx
from services.funding.commands.position import position, positions_of_lines
from services.funding.domain import outlook as domain
from services.funding.domain.outlook import AtRisk, Cover, LineAtStake, Year
from services.funding.domain.position import Sums
from services.funding.domain.scheme import Reclaim, cofinancing_on, terms_on
from services.funding.store import applications, grants, schemes
from services.funding.store import outlooks as store

PLANNED = ("submitted", "awarded")
"""Applications whose items are a plan: handed in, and not turned down or taken back."""


async def at_risk(tx: Tx, as_of: date, known_on: date) -> tuple[int, Sequence[AtRisk]]:
    """The cents that were granted by a day, and what of them is at risk under each reading of the base."""
    stands = await position(tx, as_of, known_on)
    rules = {scheme.code: scheme.rules for scheme in await schemes.schemes(tx)}
    granted, reclaims = 0, list[Reclaim | None]()
    for grant in await grants.grants(tx):
        known, cents = rules.get(grant.scheme, ()), grant.cents_on(as_of)
        if cents and cofinancing_on(known, grant.from_, known_on) is not None:
            granted += cents
            reclaims.append(terms_on(known, Reclaim, grant.from_, known_on))
    return granted, domain.at_risk(granted, stands.readings, reclaims)


async def years(tx: Tx, as_of: date) -> Sequence[Year]:
    """Every calendar year: planned, promised, declared and realised, up to and including a day."""
    planned: dict[int, int] = {}
    for application in await applications.applications(tx):
        if application.state not in PLANNED:
            continue
        for item in application.items:
            if item.paid_from == "cofinancing":
                planned[item.year] = planned.get(item.year, 0) + item.cents
    return domain.years(planned, await store.promises(tx, as_of), await store.brought(tx, as_of))


@dataclass(frozen=True, slots=True)
class Departure:
    """What an organisation stands for, line by line, how other lines can make up for it, and what is then missing."""

    lines: Sequence[LineAtStake]
    covers: Sequence[Cover]
    missing_cents: int


async def departure(tx: Tx, organisation_id: UUID, as_of: date, known_on: date) -> Departure:
    """What would happen without an organisation after a day. What it delivered stays: nothing is taken back."""
    own = await store.of_organisation(tx, as_of, organisation_id)
    lines = []
    for each in await positions_of_lines(tx, as_of, known_on):
        its = own.get(each.line.code, Sums())
        lines.append(
            LineAtStake(
                each.line.code,
                its.promised_cents,
                its.promised_minutes,
                its.delivered_cents,
                each.line.sums.forecast_cents,
                its.forecast_cents - its.delivered_cents,
                {reading.base: reading.required_cents for reading in each.readings},
            )
        )
    return Departure(lines, *domain.cover(lines))

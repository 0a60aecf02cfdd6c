"""What the position means in euros: what is at risk, year by year, and without an organisation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from runtime.postgres import Tx
from services.funding.commands.position import planned_cents, position, positions_of_lines
from services.funding.domain import outlook as domain
from services.funding.domain.outlook import AtRisk, Cover, LineAtStake, Pace, Year
from services.funding.domain.position import Sums
from services.funding.domain.scheme import Reclaim, cofinancing_on, terms_on
from services.funding.store import grants, positions, programmes, schemes
from services.funding.store import outlooks as store


@dataclass(frozen=True, slots=True)
class Outlook:
    """The grants that ask co-financing, the pace at which it comes in, and what of the grants is at risk."""

    granted_cents: int
    pace: Pace
    readings: Sequence[AtRisk]


async def at_risk(tx: Tx, as_of: date, known_on: date) -> Outlook:
    """The cents that were granted by a day, and what of them is at risk under each reading of the base."""
    stands = await position(tx, as_of, known_on)
    rules = {scheme.code: scheme.rules for scheme in await schemes.schemes(tx)}
    granted, reclaims = 0, list[Reclaim | None]()
    for grant in await grants.grants(tx):
        known, cents = rules.get(grant.scheme, ()), grant.cents_on(as_of)
        if cents and cofinancing_on(known, grant.from_, known_on) is not None:
            granted += cents
            reclaims.append(terms_on(known, Reclaim, grant.from_, known_on))
    programme = await programmes.programme(tx)
    first, last = (programme.from_, programme.until) if programme else (as_of, as_of)
    since = domain.since(first, as_of)
    before = await positions.programme(tx, since - timedelta(days=1))
    pace = Pace(as_of, since, last, stands.sums.delivered_cents, before.delivered_cents)
    return Outlook(granted, pace, domain.at_risk(granted, stands.readings, reclaims, pace.forecast_cents))


async def years(tx: Tx, as_of: date, known_on: date) -> Sequence[Year]:
    """Every calendar year: planned, promised, declared and realised by a day, against its part of the threshold."""
    planned: dict[int, int] = {}
    for (_, year), cents in (await planned_cents(tx, as_of)).items():
        planned[year] = planned.get(year, 0) + cents
    needed = {each.base: each.required_cents for each in (await position(tx, as_of, known_on)).readings}
    awarded = [grant for grant in await grants.grants(tx) if grant.cents_on(as_of)]
    days = (min(each.from_ for each in awarded), max(each.until for each in awarded)) if awarded else None
    return domain.years(planned, await store.promises(tx, as_of), await store.brought(tx, as_of), needed, days)


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

"""Where the co-financing of a region stands on a day, and telling others when it moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from services.funding.commands.days import local_day
from services.funding.domain import position as domain
from services.funding.domain.position import Asked, CofinancingPosition, Reading
from services.funding.domain.scheme import Cofinancing, about, cofinancing_on, rule_on
from services.funding.events import SOURCE, PositionChanged, PositionReading
from services.funding.store import applications, grants, schemes
from services.funding.store import positions as store
from services.funding.store.positions import LineSums

PLANNED = ("submitted", "awarded")
"""Applications whose items are a plan: handed in, and not turned down or taken back."""


@dataclass(frozen=True, slots=True)
class LinePosition:
    """A line, what was planned for it, and its part of the threshold."""

    line: LineSums
    planned_cents: int
    readings: tuple[Reading, ...]


async def planned_cents(tx: Tx, as_of: date) -> dict[tuple[str, int], int]:
    """What was planned by a day as co-financing, for each line and year: the items of applications that it pays."""
    found: dict[tuple[str, int], int] = {}
    for application in await applications.applications(tx):
        handed_in = application.submitted_on
        if application.state not in PLANNED or handed_in is None or handed_in > as_of:
            continue
        for item in application.items:
            if item.paid_from == "cofinancing":
                key = item.line, item.year
                found[key] = found.get(key, 0) + item.cents
    return found


async def position(tx: Tx, as_of: date, known_on: date) -> CofinancingPosition:
    """The region's position on a day, by the rules as known on a day. A region without grants is asked nothing."""
    return domain.position(as_of, known_on, await _asked(tx, as_of, known_on), await store.programme(tx, as_of))


async def positions_of_lines(tx: Tx, as_of: date, known_on: date) -> Sequence[LinePosition]:
    """The same by line. The threshold is shared out in proportion to the budgets as they are now."""
    asked = await _asked(tx, as_of, known_on)
    needed = domain.required(asked)
    lines = await store.lines(tx, as_of)
    by_line = domain.required_by_line(needed, {line.code: line.allocated_cents for line in lines})
    shares = {grant.terms.basis_points for grant in asked}
    share = shares.pop() if len(shares) == 1 else None
    planned: dict[str, int] = {}
    for (code, _), cents in (await planned_cents(tx, as_of)).items():
        planned[code] = planned.get(code, 0) + cents
    return [
        LinePosition(line, planned.get(line.code, 0), domain.readings(by_line[line.code], line.sums, share))
        for line in lines
    ]


async def tell_position(tx: Tx, *, at: datetime) -> bool:
    """Adds up what moved since, and publishes the position when it is not what was told last; whether it did.

    One fact for whatever came in since: the version is that of the position, which counts what was told.
    """
    if not await store.lead(tx):
        return False
    await store.take_news(tx)
    today = await local_day(tx, at)
    stands = await position(tx, today, today)
    fact = PositionChanged(
        realised_cents=stands.sums.realised_cents,
        realised_minutes=stands.sums.realised_minutes,
        declared_cents=stands.sums.declared_cents,
        declared_minutes=stands.sums.declared_minutes,
        promised_cents=stands.sums.promised_cents,
        promised_minutes=stands.sums.promised_minutes,
        forecast_cents=stands.sums.forecast_cents,
        as_of=today,
        readings=tuple(
            PositionReading(
                base=each.base.value,
                required_cents=each.required_cents,
                shortfall_cents=each.shortfall_cents,
                reached_basis_points=each.reached_basis_points,
                forecast_shortfall_cents=each.forecast_shortfall_cents,
            )
            for each in stands.readings
        ),
    )
    position_id = ids.coded_id(tx.consortium_id, "position", "cofinancing")
    version = await store.tell(tx, position_id, fact.model_dump(mode="json", by_alias=True, exclude={"as_of"}))
    if version is None:
        return False
    await outbox.append(tx, Change("position", position_id, version, (fact,)), source=SOURCE, at=at)
    return True


async def _asked(tx: Tx, as_of: date, known_on: date) -> list[Asked]:
    """What each grant that was awarded by then asks."""
    rules = {scheme.code: scheme.rules for scheme in await schemes.schemes(tx)}
    found: list[Asked] = []
    for grant in await grants.grants(tx):
        known = rules.get(grant.scheme, ())
        rule = rule_on(about(known, Cofinancing), grant.from_, known_on)
        terms = cofinancing_on(known, grant.from_, known_on)
        cents = grant.cents_on(as_of)
        if rule is not None and terms is not None and cents:
            found.append(Asked(cents, terms, rule.code))
    return found

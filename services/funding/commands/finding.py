"""Asking without booking: which schemes fit a plan, and how things would stand under other rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.domain.finder import Match, Plan, matches
from services.funding.domain.scheme import Scheme
from services.funding.domain.what_if import Alternative, Brought, NothingToCompare, Standing, asked_of, standing
from services.funding.store import brought as contributions
from services.funding.store import grants
from services.funding.store import schemes as store


@dataclass(frozen=True, slots=True)
class Comparison:
    """How things stand, and how they would."""

    grant_cents: int
    brought: tuple[Brought, ...]
    as_is: Standing
    what_if: Standing


async def find_schemes(tx: Tx, plan: Plan, shipped: Sequence[Scheme], on: date) -> tuple[Match, ...]:
    """Holds a plan against the region's own schemes and those that ship with the service; its own go first."""
    own = await store.schemes(tx)
    taken = {scheme.code for scheme in own}
    return matches(plan, [*own, *(scheme for scheme in shipped if scheme.code not in taken)], on)


async def what_if(
    tx: Tx,
    code: str,
    other: Alternative,
    *,
    known_at: date,
    grant_cents: int | None = None,
    first: date | None = None,
    last: date | None = None,
) -> Comparison:
    """The contributions in the grants' period under other rules. Grants and days are those under the scheme, or given.

    Raises NotFound for an unknown scheme, and NothingToCompare.
    """
    scheme = await store.scheme(tx, code)
    if scheme is None:
        raise NotFound(what="scheme with this code")
    under = [grant for grant in await grants.grants(tx) if grant.scheme == code]
    start = first or min((grant.from_ for grant in under), default=None)
    end = last or max((grant.until for grant in under), default=None)
    if start is None or end is None:
        raise NothingToCompare(scheme=code, day=known_at)
    cents = sum(grant.cents for grant in under) if grant_cents is None else grant_cents
    asked = asked_of(code, scheme.rules, start, known_at, cents)
    found = await contributions.brought(tx, start, end, other.rates)
    return Comparison(
        cents,
        tuple(found),
        standing(found, scheme.rules, asked, cents, start, known_at),
        standing(found, scheme.rules, other.of(asked), cents, start, known_at, other=True),
    )

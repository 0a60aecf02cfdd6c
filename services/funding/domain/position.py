"""Where the co-financing stands against what the grant asks, and whom to phone first."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.funding.domain.scheme import Base, Cofinancing, required_cents


@dataclass(frozen=True, slots=True)
class Reading:
    """The threshold under one reading of the base. `reached_basis_points` is rounded down: 9,999 is not yet there."""

    base: Base
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int


@dataclass(frozen=True, slots=True)
class CofinancingPosition:
    """Realised (accepted), declared (booked, not yet accepted) and promised (pledged) value in cents."""

    realised_cents: int
    declared_cents: int
    promised_cents: int
    readings: tuple[Reading, ...]


def position(
    grant_cents: int, asked: Cofinancing, *, realised_cents: int, declared_cents: int, promised_cents: int
) -> CofinancingPosition:
    """The position, under every reading of the base that is still possible. Only what is realised counts."""
    return CofinancingPosition(
        realised_cents,
        declared_cents,
        promised_cents,
        tuple(
            Reading(
                base,
                required,
                max(0, required - realised_cents),
                realised_cents * 10_000 // required if required else 10_000,
            )
            for base, required in required_cents(grant_cents, asked).items()
        ),
    )


@dataclass(frozen=True, slots=True)
class Promise:
    """What one organisation pledged, and what it delivered so far, in cents."""

    organisation_id: UUID
    code: str
    pledged_cents: int
    delivered_cents: int

    @property
    def at_stake_cents(self) -> int:
        return max(0, self.pledged_cents - self.delivered_cents)


def call_list(promises: Iterable[Promise]) -> tuple[Promise, ...]:
    """Who is behind, most euros at stake first. Of equals whoever delivered the least comes first, then by code."""
    behind = (promise for promise in promises if promise.at_stake_cents)
    return tuple(sorted(behind, key=lambda promise: (-promise.at_stake_cents, promise.delivered_cents, promise.code)))

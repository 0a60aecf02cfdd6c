"""Where the co-financing stands against what the grant asks, what it will come to, and whom to phone first.

The service adds these up in the database, set-based (`position_cells` in migration 0005); this is what that must give,
and a test holds the two together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.funding.domain.allocation import divide
from services.funding.domain.scheme import Base, Cofinancing, required_cents

WHOLE = 10_000
"""All of something, in basis points."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one grant asks: its cents on the day, the share, and the code of the rule that says so."""

    grant_cents: int
    terms: Cofinancing
    rule: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The threshold under one reading of the base, in cents.

    `basis_points` is the share asked; None when grants ask different ones. `reached_basis_points` is rounded down:
    9,999 is not yet there. What is forecast counts for `forecast_shortfall_cents` only.
    """

    base: Base
    basis_points: int | None
    required_cents: int
    shortfall_cents: int
    reached_basis_points: int
    forecast_shortfall_cents: int


@dataclass(frozen=True, slots=True)
class Sums:
    """Cents and minutes of anything: the programme, a line, a partner.

    Realised is what was accepted; declared is booked and waits for that (declared or verified); promised is pledged.
    `due_cents` is what of the promise fell due, `forecast_cents` what all of it will come to.
    """

    realised_cents: int = 0
    realised_minutes: int = 0
    declared_cents: int = 0
    declared_minutes: int = 0
    promised_cents: int = 0
    promised_minutes: int = 0
    due_cents: int = 0
    forecast_cents: int = 0

    @property
    def delivered_cents(self) -> int:
        """What came in, accepted or not yet."""
        return self.realised_cents + self.declared_cents

    @property
    def at_stake_cents(self) -> int:
        """What should be here by now and is not."""
        return max(0, self.due_cents - self.delivered_cents)

    @property
    def delivered_basis_points(self) -> int | None:
        """Delivered of promised, rounded down. None without a promise."""
        return self.delivered_cents * WHOLE // self.promised_cents if self.promised_cents else None


@dataclass(frozen=True, slots=True)
class CofinancingPosition:
    """The programme on a day, under every reading of the base that is still possible."""

    as_of: date
    known_on: date
    sums: Sums
    readings: tuple[Reading, ...]
    rules: tuple[str, ...]


def required(asked: Iterable[Asked]) -> Mapping[Base, int]:
    """What all grants together ask, in cents, under each reading. A grant whose base was decided asks the same in both.

    Empty when nothing is asked.
    """
    each = [required_cents(grant.grant_cents, grant.terms) for grant in asked]
    each = [amounts for amounts in each if amounts]
    bases = sorted({base for amounts in each for base in amounts})
    return {base: sum(amounts.get(base, max(amounts.values())) for amounts in each) for base in bases}


def readings(needed: Mapping[Base, int], sums: Sums, basis_points: int | None) -> tuple[Reading, ...]:
    """The threshold under each reading. Only what is realised counts towards it."""
    return tuple(
        Reading(
            base,
            basis_points,
            cents,
            max(0, cents - sums.realised_cents),
            sums.realised_cents * WHOLE // cents if cents else WHOLE,
            max(0, cents - sums.forecast_cents),
        )
        for base, cents in needed.items()
    )


def position(as_of: date, known_on: date, asked: Iterable[Asked], sums: Sums) -> CofinancingPosition:
    """The position of a programme on a day, by the rules as known on a day."""
    grants = tuple(asked)
    shares = {grant.terms.basis_points for grant in grants}
    share = shares.pop() if len(shares) == 1 else None
    rules = tuple(dict.fromkeys(grant.rule for grant in grants))
    return CofinancingPosition(as_of, known_on, sums, readings(required(grants), sums, share), rules)


def required_by_line(needed: Mapping[Base, int], budgets: Mapping[str, int]) -> dict[str, dict[Base, int]]:
    """What each line is asked: the programme's requirement in proportion to the budgets, exact to the cent.

    The scheme asks a programme, not its lines; this says which line falls short. What was not allocated is a line too,
    so the lines together ask what the programme asks.
    """
    parts = {base: divide(cents, budgets) for base, cents in needed.items()}
    return {line: {base: parts[base][line] for base in needed} for line in budgets}


# --- what will come -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Promise:
    """What one organisation promised for one line, and over which days it is spread."""

    organisation_id: UUID
    line: str
    cents: int
    minutes: int
    from_: date
    until: date

    def due_cents(self, as_of: date) -> int:
        """What fell due up to and including a day: a straight line over the period, rounded down to the cent.

        Few companies deliver in a straight line. It is not a verdict but the question when to phone, and on the last
        day all of it is due.
        """
        whole = (self.until - self.from_).days + 1
        gone = min(max((as_of - self.from_).days + 1, 0), whole)
        return self.cents * gone // whole


@dataclass(frozen=True, slots=True)
class Cell:
    """What one organisation did and promised for one line; everything else is a sum of these."""

    organisation_id: UUID
    line: str
    sums: Sums = field(default_factory=Sums)


def kept_basis_points(cells: Iterable[Cell]) -> int:
    """How far partners keep their word: of what fell due, the part that was delivered. Rounded down.

    Per organisation, so that who delivers for another line than it named kept its word, and no one's surplus makes up
    for another's silence. As long as nothing is due nobody broke a word: all of it.
    """
    due: dict[UUID, int] = {}
    delivered: dict[UUID, int] = {}
    for cell in cells:
        due[cell.organisation_id] = due.get(cell.organisation_id, 0) + cell.sums.due_cents
        delivered[cell.organisation_id] = delivered.get(cell.organisation_id, 0) + cell.sums.delivered_cents
    whole = sum(due.values())
    return sum(min(due[who], delivered[who]) for who in due) * WHOLE // whole if whole else WHOLE


def forecast_cents(sums: Sums, kept: int) -> int:
    """What a cell will come to: what came in, plus what has yet to fall due, as far as partners keep their word.

    `realised + declared + min(promised - due, promised - delivered) x kept`. What is overdue is not counted: it is what
    the phone call is about, and the forecast says what happens without one. Rounded down per cell, so that lines and
    partners both add up to the programme.
    """
    to_come = max(0, sums.promised_cents - max(sums.due_cents, sums.delivered_cents))
    return sums.delivered_cents + to_come * kept // WHOLE


# --- whom to phone --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Call:
    """An organisation that is behind: what it promised, when, what came, and its last contribution."""

    organisation_id: UUID
    code: str
    name: str
    sums: Sums
    from_: date
    until: date
    last_day: date | None = None


def call_list(calls: Iterable[Call]) -> tuple[Call, ...]:
    """Who is behind, most euros at stake first. Of equals whoever delivered the least comes first, then by code."""
    behind = (call for call in calls if call.sums.at_stake_cents)
    return tuple(sorted(behind, key=lambda call: (-call.sums.at_stake_cents, call.sums.delivered_cents, call.code)))

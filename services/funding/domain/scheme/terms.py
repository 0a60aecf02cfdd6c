"""What a rule of a scheme can say: money, time and paper here, who may apply for what at the end."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal


class Base(StrEnum):
    """Of what the co-financing percentage is taken."""

    OF_SUBSIDY = "of-subsidy"
    OF_TOTAL = "of-total"
    """Of the eligible part of the budget: subsidy and co-financing together."""
    OF_COSTS = "of-costs"
    """Of the project's costs, whoever bears them."""


DISPUTED = (Base.OF_SUBSIDY, Base.OF_TOTAL)


@dataclass(frozen=True, slots=True)
class Cofinancing:
    """The share that partners must bring in. `base` is None as long as nobody decided which of `readings` holds."""

    basis_points: int
    base: Base | None = None
    readings: tuple[Base, ...] = DISPUTED

    @property
    def possible(self) -> tuple[Base, ...]:
        """The readings that are still possible: one when the base is decided."""
        return self.readings if self.base is None else (self.base,)


@dataclass(frozen=True, slots=True)
class DecidedBase:
    """Which reading of the base holds, as two persons of the region decided. Recorded by their decision only."""

    base: Base


@dataclass(frozen=True, slots=True)
class EligibleKinds:
    """The kinds of contribution that count."""

    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour of `kind` is worth: as the scheme advises, or the region's own choice, with its reason."""

    kind: str
    cents_per_hour: int
    advice: bool = False


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that counts of one kind: per worker (or pupil) and day in minutes, in cents per contribution, as a
    share of all co-financing that counts (basis points), or in pupils at once. One of these in a rule."""

    kind: str
    minutes_per_day: int | None = None
    cents: int | None = None
    share_basis_points: int | None = None
    pupils: int | None = None

    @property
    def what(self) -> str:
        """What it bounds; caps on different things stand side by side."""
        given = ("share_basis_points", "cents", "pupils")
        return next((name for name in given if getattr(self, name) is not None), "minutes_per_day")


@dataclass(frozen=True, slots=True)
class Verification:
    """When a contribution of a kind is found right by rule: up to so many minutes of a worker (or pupil) on the day,
    and with evidence named (of one of `evidence_types`, where those are given) when that is asked.

    With `activity`, also when its organisation gave the confirmed activity that it names, for the same line. What is
    not right by rule waits for a person: with `school` of the school that received it, else of the office. Where
    `school` is asked and no ground is stated, the school always has the word.
    """

    kind: str
    minutes_per_day: int | None = None
    evidence: bool = False
    evidence_types: tuple[str, ...] = ()
    activity: bool = False
    school: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """A contribution worth more than this is to be accepted by two persons, neither of whom declared or verified it.

    The first approves it and it stays verified; the second accepts it.
    """

    above_cents: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What a batch must show before it is accepted: at `confidence_basis_points` sure that fewer than
    `tolerable_basis_points` of its items are wrong. After each failure the sample grows so far that this still follows;
    more than `most_failures` stop the batch; as long as nobody says otherwise, the first does."""

    tolerable_basis_points: int
    confidence_basis_points: int
    most_failures: int = 0


@dataclass(frozen=True, slots=True)
class Supervision:
    """The share of pupils' presence that counts as supervision by the company: 5 pupils x 3 h x 25% = 3 h 45."""

    basis_points: int


@dataclass(frozen=True, slots=True)
class SupplementLimit:
    """The most by which a grant may be supplemented, of the first award."""

    basis_points: int


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when something is handed in, and the days it is about. A later one about the same `what` moves it."""

    what: str
    day: date
    from_: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Reclaim:
    """What a co-financing shortfall takes off the subsidy, beside what is not proved.

    `cent-for-cent`: the shortfall itself. `proportional`: the part of the proved subsidy that the shortfall is of what
    was required. `none`: nothing.
    """

    shortfall: Literal["cent-for-cent", "proportional", "none"]


@dataclass(frozen=True, slots=True)
class Participants:
    """At least `least` participants of one of these kinds, in a role and with a trait when those are given."""

    kinds: tuple[str, ...]
    least: int = 1
    role: str = ""
    trait: str = ""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much may be asked: in all, and in one calendar year."""

    min_cents: int | None = None
    max_cents: int | None = None
    year_max_cents: int | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """Which days a plan may cover, and how many calendar months at least and at most."""

    first: date | None = None
    last: date | None = None
    least_months: int | None = None
    most_months: int | None = None


@dataclass(frozen=True, slots=True)
class Activities:
    """At least one of these is in the plan; with `only`, nothing else is."""

    any_of: tuple[str, ...]
    only: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The days on which an application can be handed in."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Area:
    """Where it is meant for: codes of countries or regions, one of which the plan names."""

    any_of: tuple[str, ...]


Requirement = Participants | Amount | Period | Activities | Window | Area
Terms = (
    Cofinancing
    | DecidedBase
    | EligibleKinds
    | Rate
    | Cap
    | Verification
    | Approval
    | Sample
    | Supervision
    | SupplementLimit
    | Deadline
    | Reclaim
    | Requirement
)

ABOUT: Mapping[str, type[Terms]] = {
    "cofinancing": Cofinancing,
    "cofinancing-base": DecidedBase,
    "eligible-kinds": EligibleKinds,
    "rate": Rate,
    "cap": Cap,
    "verification": Verification,
    "approval": Approval,
    "sample": Sample,
    "supervision": Supervision,
    "supplement-limit": SupplementLimit,
    "deadline": Deadline,
    "reclaim": Reclaim,
    "participants": Participants,
    "amount": Amount,
    "period": Period,
    "activities": Activities,
    "window": Window,
    "area": Area,
}

"""What an operator wants to be told without looking: one list of rules over what is seen at one moment.

An alarm has a key; it is raised when a rule first says it, and cleared when no rule says it any more. What could not be
seen (a service that is away) clears nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Kind(StrEnum):
    """What an alarm is about."""

    LAG = "lag"
    DEAD_LETTERS = "dead-letters"
    IMBALANCE = "imbalance"
    CHAIN_BROKEN = "chain-broken"
    DEADLINE = "deadline"
    UNVERIFIED = "unverified"


OF_THE_OFFICE = frozenset({Kind.DEADLINE, Kind.UNVERIFIED})
"""What the office of the region is told; the others go to the operators of the installation."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From when on something is an alarm.

    Lag is one when it stays at so many messages for so many seconds, and is over at half of them: a burst is none.
    """

    lag_messages: int = 1_000
    lag_seconds: float = 60
    dead_letters: int = 1
    deadline_days: int = 7
    unverified_days: int = 30


@dataclass(frozen=True, slots=True)
class ServiceSeen:
    """A service at this moment; None for what could not be seen."""

    name: str
    lag: int | None
    dead_letters: int | None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A deadline in the planning of a region."""

    code: str
    title: str
    day: date


@dataclass(frozen=True, slots=True)
class RegionSeen:
    """A region at this moment, on its own day. How far the books are off is None when that could not be seen.

    `oldest_unverified` is the day on which the oldest contribution that still waits for a second person was declared.
    """

    id: UUID
    code: str
    name: str
    today: date
    imbalance_cents: int | None = 0
    imbalance_minutes: int | None = 0
    broken_at: int | None = None
    deadlines: Sequence[Deadline] = ()
    oldest_unverified: date | None = None
    unverified: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that the rules look at."""

    services: Sequence[ServiceSeen]
    regions: Sequence[RegionSeen]


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that somebody must look at: how much there is of it, from how much on it is one, and which day it is
    about. `about` is the service or the region's code."""

    key: str
    kind: Kind
    about: str
    region: UUID | None = None
    amount: int = 0
    bound: int = 0
    day: date | None = None
    title: str = ""


Rule = Callable[[Seen, Thresholds, Collection[str]], Iterator[Alarm]]
"""What is amiss now; `raised` are the keys that were before."""


def lagging(seen: Seen, bounds: Thresholds, raised: Collection[str]) -> Iterator[Alarm]:
    """A service that has too much to handle."""
    for each in seen.services:
        key = _key(Kind.LAG, each.name)
        bound = (bounds.lag_messages + 1) // 2 if key in raised else bounds.lag_messages
        if each.lag is not None and each.lag >= bound:
            yield Alarm(key, Kind.LAG, each.name, amount=each.lag, bound=bounds.lag_messages)


def buried(seen: Seen, bounds: Thresholds, _raised: Collection[str]) -> Iterator[Alarm]:
    """Dead letters that wait for somebody."""
    for each in seen.services:
        if each.dead_letters is not None and each.dead_letters >= bounds.dead_letters:
            key = _key(Kind.DEAD_LETTERS, each.name)
            yield Alarm(key, Kind.DEAD_LETTERS, each.name, amount=each.dead_letters, bound=bounds.dead_letters)


def unbalanced(seen: Seen, _bounds: Thresholds, _raised: Collection[str]) -> Iterator[Alarm]:
    """Books whose accounts do not add up to zero. The amount is in cents, or in minutes when the cents are right."""
    for each in seen.regions:
        if off := each.imbalance_cents or each.imbalance_minutes:
            yield _of(each, Kind.IMBALANCE, amount=off)


def broken(seen: Seen, _bounds: Thresholds, _raised: Collection[str]) -> Iterator[Alarm]:
    """Books whose chain does not follow from itself; the amount is the seal at which."""
    for each in seen.regions:
        if each.broken_at is not None:
            yield _of(each, Kind.CHAIN_BROKEN, amount=each.broken_at)


def due(seen: Seen, bounds: Thresholds, _raised: Collection[str]) -> Iterator[Alarm]:
    """Deadlines that come near; the amount is in days."""
    for each in seen.regions:
        for deadline in each.deadlines:
            days = (deadline.day - each.today).days
            if 0 <= days <= bounds.deadline_days:
                yield Alarm(
                    _key(Kind.DEADLINE, each.code, deadline.code, deadline.day.isoformat()),
                    Kind.DEADLINE,
                    each.code,
                    each.id,
                    amount=days,
                    bound=bounds.deadline_days,
                    day=deadline.day,
                    title=deadline.title,
                )


def unverified(seen: Seen, bounds: Thresholds, _raised: Collection[str]) -> Iterator[Alarm]:
    """Contributions that wait too long for a second person; the amount is how many wait."""
    for each in seen.regions:
        oldest = each.oldest_unverified
        if oldest is not None and (each.today - oldest).days >= bounds.unverified_days:
            yield _of(each, Kind.UNVERIFIED, amount=each.unverified, bound=bounds.unverified_days, day=oldest)


RULES: Mapping[Kind, Rule] = {
    Kind.LAG: lagging,
    Kind.DEAD_LETTERS: buried,
    Kind.IMBALANCE: unbalanced,
    Kind.CHAIN_BROKEN: broken,
    Kind.DEADLINE: due,
    Kind.UNVERIFIED: unverified,
}


def amiss(seen: Seen, bounds: Thresholds, raised: Collection[str]) -> dict[str, Alarm]:
    """All that is amiss now, by key."""
    return {alarm.key: alarm for rule in RULES.values() for alarm in rule(seen, bounds, raised)}


def unseen(seen: Seen) -> frozenset[str]:
    """The keys of which nothing is known now."""
    services = {_key(Kind.LAG, each.name) for each in seen.services if each.lag is None}
    services |= {_key(Kind.DEAD_LETTERS, each.name) for each in seen.services if each.dead_letters is None}
    regions = {_key(Kind.IMBALANCE, each.code) for each in seen.regions if each.imbalance_cents is None}
    return frozenset(services | regions)


def lasting(now: Mapping[str, Alarm], since: Mapping[str, datetime], bounds: Thresholds, at: datetime) -> set[str]:
    """The keys that are an alarm and not a burst: `since` tells when each was first seen."""
    patience = timedelta(seconds=bounds.lag_seconds)
    return {key for key, each in now.items() if each.kind is not Kind.LAG or at - since[key] >= patience}


def _key(kind: Kind, *parts: str) -> str:
    return "/".join((kind.value, *parts))


def _of(region: RegionSeen, kind: Kind, *, amount: int = 0, bound: int = 0, day: date | None = None) -> Alarm:
    return Alarm(_key(kind, region.code), kind, region.code, region.id, amount, bound, day)

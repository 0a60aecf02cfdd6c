"""Each rule says when something is an alarm and when it is over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.dashboard.domain.alarms import (
    RULES,
    Deadline,
    Kind,
    RegionSeen,
    Seen,
    ServiceSeen,
    Thresholds,
    amiss,
    lasting,
    unseen,
)
from services.dashboard.web.speaking import LANGUAGES, TEXTS

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
TODAY = date(2026, 3, 2)
BOUNDS = Thresholds(lag_messages=100, lag_seconds=60)
SERVICE = ServiceSeen("funding", 0, 0)
REGION = RegionSeen(UUID(int=7), "sto-x", "STO X", TODAY)


def service(**changes: Any) -> Seen:
    return Seen((replace(SERVICE, **changes),), (REGION,))


def region(**changes: Any) -> Seen:
    return Seen((SERVICE,), (replace(REGION, **changes),))


def deadline(days: int) -> Seen:
    return region(deadlines=(Deadline("verslag", "Verslag in", TODAY + timedelta(days=days)),))


def waiting(days: int) -> Seen:
    return region(oldest_unverified=TODAY - timedelta(days=days), unverified=3)


@pytest.mark.parametrize(
    ("kind", "is_one", "is_none"),
    [
        (Kind.LAG, service(lag=100), service(lag=99)),
        (Kind.DEAD_LETTERS, service(dead_letters=1), service(dead_letters=0)),
        (Kind.IMBALANCE, region(imbalance_cents=-1), region()),
        (Kind.IMBALANCE, region(imbalance_minutes=5), region(imbalance_cents=None, imbalance_minutes=None)),
        (Kind.CHAIN_BROKEN, region(broken_at=4), region(broken_at=None)),
        (Kind.DEADLINE, deadline(7), deadline(8)),
        (Kind.DEADLINE, deadline(0), deadline(-1)),
        (Kind.UNVERIFIED, waiting(30), waiting(29)),
    ],
    ids=lambda each: each.value if isinstance(each, Kind) else "seen",
)
def test_a_rule_raises_at_its_threshold_and_not_before(kind: Kind, is_one: Seen, is_none: Seen) -> None:
    [alarm] = amiss(is_one, BOUNDS, ()).values()
    assert alarm.kind is kind
    assert alarm.about in ("funding", "sto-x")
    assert amiss(is_none, BOUNDS, ()) == {}


def test_every_kind_has_one_rule_and_words_in_every_language() -> None:
    assert set(RULES) == set(Kind)
    for kind in Kind:
        assert set(TEXTS[f"alarm-{kind.value}"]) == set(LANGUAGES)


def test_lag_is_over_at_half_of_what_raised_it() -> None:
    assert amiss(service(lag=50), BOUNDS, {"lag/funding"})
    assert not amiss(service(lag=49), BOUNDS, {"lag/funding"})


def test_a_burst_is_no_alarm_and_everything_else_is_one_at_once() -> None:
    late: Callable[[float], datetime] = lambda seconds: AT + timedelta(seconds=seconds)  # noqa: E731
    now = amiss(service(lag=100, dead_letters=2), BOUNDS, ())
    since = dict.fromkeys(now, AT)
    assert lasting(now, since, BOUNDS, late(59)) == {"dead-letters/funding"}
    assert lasting(now, since, BOUNDS, late(60)) == {"dead-letters/funding", "lag/funding"}


def test_what_cannot_be_seen_is_named() -> None:
    away = Seen((ServiceSeen("funding", None, None),), (replace(REGION, imbalance_cents=None),))
    assert amiss(away, BOUNDS, ()) == {}
    assert unseen(away) == {"lag/funding", "dead-letters/funding", "imbalance/sto-x"}


def test_a_deadline_that_moves_is_another_one() -> None:
    assert amiss(deadline(3), BOUNDS, ()).keys().isdisjoint(amiss(deadline(4), BOUNDS, ()))

"""Standing is a pure function of what is on record: day by day, in any order, and with nothing said twice."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from typing import TypeVar
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.partners.domain.periods import Period, PeriodBackwards, merged
from services.partners.domain.standing import (
    DatedGround,
    Ground,
    Mandate,
    OnRecord,
    Pledged,
    SignedParty,
    Standing,
    standings,
)

T = TypeVar("T")
FIRST = date(2020, 1, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(14)]
ORGANISATIONS = [UUID(int=number) for number in range(1, 5)]
ALL = frozenset(Ground)

days = st.sampled_from(DAYS)
organisations = st.sampled_from(ORGANISATIONS)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    first, last = sorted((draw(days), draw(days)))
    return Period(first, draw(st.sampled_from([last, None])))


records = st.builds(
    OnRecord,
    st.lists(st.builds(SignedParty, organisations, periods(), days, days), max_size=6),
    st.lists(
        st.builds(Mandate, organisations, organisations, periods()).filter(
            lambda each: each.umbrella_id != each.member_id
        ),
        max_size=6,
    ),
    st.lists(st.builds(Pledged, organisations, periods()), max_size=6),
)
policies = st.frozensets(st.sampled_from(list(Ground)))


def grounds_on(of: UUID, day: date, on_record: OnRecord) -> set[tuple[Ground, UUID | None]]:
    """What one would answer by leafing through everything for one day."""

    def is_party(organisation: UUID) -> bool:
        return any(
            each.organisation_id == organisation
            and each.validity.covers(day)
            and (each.signed_on <= each.in_force_since or each.signed_on <= day)
            for each in on_record.parties
        )

    found: set[tuple[Ground, UUID | None]] = set()
    if is_party(of):
        found.add((Ground.PARTY, None))
    for mandate in on_record.mandates:
        if mandate.member_id == of and mandate.period.covers(day) and is_party(mandate.umbrella_id):
            found.add((Ground.UMBRELLA, mandate.umbrella_id))
    if any(each.organisation_id == of and each.period.covers(day) for each in on_record.pledges):
        found.add((Ground.PLEDGE, None))
    return found


@given(records, policies)
def test_the_dated_grounds_say_of_every_day_what_the_records_say(
    on_record: OnRecord, policy: frozenset[Ground]
) -> None:
    for of, grounds in standings(ORGANISATIONS, on_record, policy).items():
        for day in DAYS:
            told = {(each.ground, each.through) for each in grounds if each.period.covers(day)}
            assert told == grounds_on(of, day, on_record)
            assert Standing(of, grounds).on(day).suffices is any(ground in policy for ground, _ in told)


@given(records, policies, st.randoms())
def test_the_order_and_the_repetition_of_records_make_no_difference(
    on_record: OnRecord, policy: frozenset[Ground], random: Random
) -> None:
    def shuffled(given: Collection[T]) -> list[T]:
        doubled = [*given, *given]
        random.shuffle(doubled)
        return doubled

    again = OnRecord(shuffled(on_record.parties), shuffled(on_record.mandates), shuffled(on_record.pledges))
    assert standings(ORGANISATIONS, again, policy) == standings(ORGANISATIONS, on_record, policy)


@given(records, policies)
def test_a_standing_does_not_depend_on_whose_else_is_asked_for(on_record: OnRecord, policy: frozenset[Ground]) -> None:
    together = standings(ORGANISATIONS, on_record, policy)
    for each in ORGANISATIONS:
        assert standings([each], on_record, policy) == {each: together[each]}


@given(records)
def test_a_policy_changes_what_suffices_and_never_the_grounds(on_record: OnRecord) -> None:
    strict, lenient = (standings(ORGANISATIONS, on_record, policy) for policy in ((), ALL))
    for each in ORGANISATIONS:
        assert tuple(replace(ground, suffices=True) for ground in strict[each]) == lenient[each]


@given(st.lists(periods(), max_size=8))
def test_merged_periods_have_the_same_days_and_a_gap_between_them(given: list[Period]) -> None:
    found = merged(given)
    for day in DAYS:
        assert any(each.covers(day) for each in found) is any(each.covers(day) for each in given)
    for before, after in pairwise(found):
        assert before.last is not None
        assert before.last + timedelta(days=1) < after.first


def test_a_standing_survives_being_published() -> None:
    through = ORGANISATIONS[1]
    grounds = (
        DatedGround(Ground.PARTY, Period(DAYS[0], DAYS[3]), True),
        DatedGround(Ground.UMBRELLA, Period(DAYS[5]), False, through),
    )
    told = Standing(ORGANISATIONS[0], grounds).changed().model_dump(mode="json", by_alias=True, exclude_none=True)
    assert told == {
        "organisationId": str(ORGANISATIONS[0]),
        "grounds": [
            {"ground": "party", "from": "2020-01-01", "until": "2020-01-04", "suffices": True},
            {"ground": "umbrella", "from": "2020-01-06", "suffices": False, "throughOrganisationId": str(through)},
        ],
    }


def test_a_ground_that_suffices_is_told_before_a_stronger_one_that_does_not() -> None:
    grounds = standings(
        [ORGANISATIONS[0]],
        OnRecord(
            [SignedParty(ORGANISATIONS[0], Period(FIRST), FIRST, FIRST)], (), [Pledged(ORGANISATIONS[0], Period(FIRST))]
        ),
        {Ground.PLEDGE},
    )[ORGANISATIONS[0]]
    answer = Standing(ORGANISATIONS[0], grounds).on(FIRST)
    assert (answer.ground, answer.suffices) == (Ground.PLEDGE, True)


def test_who_signs_after_the_entry_into_force_is_a_party_from_that_day() -> None:
    validity = Period(DAYS[0], DAYS[9])
    assert SignedParty(ORGANISATIONS[0], validity, DAYS[2], DAYS[2]).period() == validity
    assert SignedParty(ORGANISATIONS[0], validity, DAYS[2], DAYS[5]).period() == Period(DAYS[5], DAYS[9])
    assert SignedParty(ORGANISATIONS[0], validity, DAYS[2], DAYS[12]).period() is None


def test_a_period_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(PeriodBackwards):
        Period(DAYS[1], DAYS[0])

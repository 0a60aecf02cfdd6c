"""Memberships, mandates, working groups and audiences: what is a start, what an end, and who is missing."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.partners.domain.groups import Member, MemberTwice, SpearheadUnknown, WorkingGroup, representation
from services.partners.domain.membership import (
    Membership,
    MembershipRole,
    OtherOrganisation,
    OwnUmbrella,
    UmbrellaMandate,
)
from services.partners.domain.organisations import OrganisationKind
from services.partners.domain.periods import Period
from services.partners.domain.persons import Audience, AudienceKind, AudienceUnknown, audience

A, B, C = (UUID(int=number) for number in (1, 2, 3))
FIRST, LAST = date(2020, 1, 1), date(2021, 12, 31)
MEMBERSHIP = Membership(UUID(int=7), "acme", A, MembershipRole.PARTNER, Period(FIRST))
MANDATE = UmbrellaMandate(UUID(int=8), "acme", A, B, Period(FIRST))
GROUP = WorkingGroup(UUID(int=9), "robotica", "Robotica", ("robotisering",), A, (Member(B, Period(FIRST)),))


def test_a_membership_starts_changes_and_ends() -> None:
    ended = replace(MEMBERSHIP, period=Period(FIRST, LAST))
    told = [
        MEMBERSHIP.put(None),
        replace(MEMBERSHIP, role=MembershipRole.LEAD_PARTNER).put(MEMBERSHIP),
        ended.put(MEMBERSHIP),
        replace(ended, role=MembershipRole.SUPPORTER).put(ended),
        MEMBERSHIP.put(ended),
    ]
    assert [type(each).__name__ for each in told] == [
        "MembershipStarted",
        "MembershipStarted",
        "MembershipEnded",
        "MembershipStarted",
        "MembershipStarted",
    ]
    assert [each.last_day for each in told] == [None, None, LAST, LAST, None]


def test_a_mandate_is_given_and_withdrawn() -> None:
    withdrawn = replace(MANDATE, period=Period(FIRST, LAST)).put(MANDATE)
    assert [type(each).__name__ for each in (MANDATE.put(None), withdrawn)] == [
        "UmbrellaMandateGiven",
        "UmbrellaMandateWithdrawn",
    ]


def test_a_membership_or_mandate_does_not_move_to_another_organisation() -> None:
    with pytest.raises(OtherOrganisation):
        replace(MEMBERSHIP, organisation_id=B).put(MEMBERSHIP)
    with pytest.raises(OtherOrganisation):
        replace(MANDATE, member_id=C).put(MANDATE)


def test_nobody_is_its_own_umbrella() -> None:
    with pytest.raises(OwnUmbrella):
        replace(MANDATE, member_id=A)


def test_a_group_tells_of_itself_and_of_each_new_member_once() -> None:
    larger = replace(GROUP, members=(*GROUP.members, Member(C, Period(FIRST))))
    assert [type(each).__name__ for each in GROUP.put(None)] == ["WorkingGroupFormed", "WorkingGroupJoined"]
    assert [getattr(each, "organisation_id", None) for each in larger.put(GROUP)] == [None, C]
    assert len(GROUP.put(larger)) == 1


def test_a_group_names_each_member_once_and_only_spearheads_that_are_planned() -> None:
    with pytest.raises(MemberTwice):
        replace(GROUP, members=(*GROUP.members, Member(B, Period(LAST))))
    GROUP.check_spearheads({"robotisering", "zorg"})
    with pytest.raises(SpearheadUnknown, match="robotisering"):
        GROUP.check_spearheads({"zorg"})


def test_the_chair_is_in_the_group_and_a_member_on_its_days_only() -> None:
    group = replace(GROUP, members=(Member(B, Period(FIRST, LAST)),))
    assert group.present_on(LAST) == {A, B}
    assert group.present_on(date(2022, 1, 1)) == {A}


kinds = st.lists(st.sampled_from(list(OrganisationKind)))


@given(kinds, kinds)
def test_every_kind_of_partner_is_either_present_or_missing(
    present: list[OrganisationKind], partners: list[OrganisationKind]
) -> None:
    found = representation(present, partners)
    assert dict(found.present) == {kind: present.count(kind) for kind in set(present)}
    assert set(found.missing) == set(partners) - set(present)


def test_an_audience_is_a_word_or_a_word_with_an_id() -> None:
    assert audience("everyone") == Audience(AudienceKind.EVERYONE)
    assert audience(f"group:{A}") == Audience(AudienceKind.GROUP, A)


@pytest.mark.parametrize("text", ["", "nobody", "group", f"office:{A}", "group:x", f"group:{A} ", "person:jan@x.nl"])
def test_another_audience_is_refused(text: str) -> None:
    with pytest.raises(AudienceUnknown):
        audience(text)

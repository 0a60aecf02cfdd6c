"""Whose hands a contribution goes through: declared, verified and accepted by different people, or rejected."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.problems import SamePerson
from services.funding.domain import contribution as domain
from services.funding.domain import holding
from services.funding.domain.acceptance import Approvals, NotVerified, accept
from services.funding.domain.contribution import Contribution, Hands, NotRejectable
from services.funding.domain.ledger import JournalEntry, balances
from services.funding.domain.rejection import CODES, SENTENCES, reason
from services.funding.domain.scheme import Approval, Rule

DAY = date(2023, 5, 2)
PEOPLE = [UUID(int=number) for number in range(1, 5)]
ADA, BO, CY, DEE = PEOPLE
ABOVE = Rule("two-above", Approval(100_000), date(2023, 1, 1), date(2023, 1, 1), "the region")
NO_RULE = Approvals.of((), DAY)
TWO = Approvals.of((ABOVE,), DAY)


def a_contribution(state: str = "declared", cents: int = 11_250, **changes: object) -> Contribution:
    made = Contribution(
        UUID(int=50),
        UUID(int=60),
        "metaal",
        DAY,
        "hours",
        135,
        cents,
        "rate",
        "intake",
        None,
        None,
        state,
        1,
        "acme",
        "1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@given(declared=st.sampled_from(PEOPLE), verified=st.sampled_from(PEOPLE), accepted=st.sampled_from(PEOPLE))
def test_who_declares_verifies_and_accepts_are_three_people_or_it_is_refused(
    declared: UUID, verified: UUID, accepted: UUID
) -> None:
    found = a_contribution(declared_by=declared)
    if declared == verified:
        with pytest.raises(SamePerson):
            domain.verify(found, "office", Hands(verified))
        return
    after, _ = domain.verify(found, "office", Hands(verified))
    if accepted in (declared, verified):
        with pytest.raises(SamePerson):
            accept(after, Hands(accepted), NO_RULE)
        return
    done = accept(after, Hands(accepted), NO_RULE)
    assert (done.state, done.declared_by, done.verified_by, done.accepted_by) == (
        "accepted",
        declared,
        verified,
        accepted,
    )


def test_the_account_of_the_system_that_declared_it_neither_verifies_nor_accepts() -> None:
    with pytest.raises(SamePerson):
        domain.verify(a_contribution(), "office", Hands(ADA, "acme"))
    verified, _ = domain.verify(a_contribution(), "office", Hands(ADA, "payroll"))
    with pytest.raises(SamePerson):
        accept(verified, Hands(BO, "acme"), NO_RULE)
    assert accept(verified, Hands(BO, "payroll"), NO_RULE).state == "accepted"


@pytest.mark.parametrize(("cents", "second"), [(100_000, False), (100_001, True)])
def test_above_the_amount_of_the_rule_and_not_at_it_a_second_person_accepts(cents: int, second: bool) -> None:
    first = accept(a_contribution("verified", cents, verified_by=ADA), Hands(BO), TWO)
    assert (first.state, first.approved_by) == (("verified", BO) if second else ("accepted", None))
    if not second:
        return
    for same in (ADA, BO):
        with pytest.raises(SamePerson):
            accept(first, Hands(same), TWO)
    done = accept(first, Hands(CY), TWO)
    assert (done.state, done.approved_by, done.accepted_by) == ("accepted", BO, CY)


def test_the_rule_of_the_day_of_the_contribution_says_how_many_accept_it() -> None:
    before = a_contribution("verified", 200_000, day=date(2022, 12, 31))
    assert accept(before, Hands(BO), TWO).state == "accepted"


@pytest.mark.parametrize("state", ["declared", "held", "accepted", "reversed", "rejected"])
def test_only_what_was_verified_is_accepted(state: str) -> None:
    with pytest.raises(NotVerified):
        accept(a_contribution(state), Hands(BO), NO_RULE)


def test_an_approval_lapses_when_it_goes_on_hold() -> None:
    approved = accept(a_contribution("verified", 200_000, verified_by=ADA), Hands(BO), TWO)
    held, _, _ = holding.hold(approved, "already-booked")
    assert held.approved_by is None
    released, _, _ = holding.release(held, Hands(BO))
    assert (released.state, released.verified_by) == ("verified", BO)
    with pytest.raises(SamePerson):
        accept(released, Hands(BO), TWO)


@given(
    steps=st.lists(st.sampled_from(["verify", "accept", "hold", "release"]), max_size=6), code=st.sampled_from(CODES)
)
def test_a_rejected_one_has_nothing_left_in_the_books_wherever_it_was(steps: list[str], code: str) -> None:
    found = a_contribution(cents=5_000, declared_by=ADA)
    entries: list[JournalEntry] = list(domain.booking_entries(found))
    for step in steps:
        found, booked = _step(found, step)
        entries += booked
    after, undone, fact = domain.reject(found, code, "", Hands(DEE))  # type: ignore[arg-type]
    assert set(balances([*entries, *undone]).values()) == {(0, 0)}
    assert len({each.id for each in [*entries, *undone]}) == len(entries) + len(undone)
    assert (after.state, after.rejected_code, fact.code, fact.reason) == ("rejected", code, code, "rejected")
    with pytest.raises(NotRejectable):
        domain.reject(after, "other", "", Hands(BO))


def _step(found: Contribution, step: str) -> tuple[Contribution, Iterable[JournalEntry]]:
    if step == "verify" and found.state == "declared":
        after, _ = domain.verify(found, "office", Hands(BO))
        return after, (domain.verified_entry(after, "office"),)
    if step == "accept" and found.state == "verified":
        after = accept(found, Hands(CY), NO_RULE)
        return after, (domain.accepted_entry(after),)
    if step == "hold" and found.booked:
        after, entries, _ = holding.hold(found, "already-booked")
        return after, entries
    if step == "release" and found.state == "held":
        after, entries, _ = holding.release(found, Hands(BO))
        return after, entries
    return found, ()


def test_who_accepted_it_does_not_reject_it() -> None:
    accepted = a_contribution("accepted", approved_by=ADA, accepted_by=BO)
    for same in (ADA, BO):
        with pytest.raises(SamePerson):
            domain.reject(accepted, "not-delivered", "", Hands(same))
    after, undone, _ = domain.reject(accepted, "not-delivered", "", Hands(CY))
    assert [each.kind for each in undone] == [
        "contribution-accepted-reversed",
        "contribution-verified-reversed",
        "contribution-declared-reversed",
    ]
    assert {each.reason for each in undone} == {"rejected: not-delivered"}
    assert after.rejected_by == CY


def test_every_code_is_a_sentence_in_both_languages_about_what_was_declared() -> None:
    assert set(SENTENCES) == set(CODES)
    said = reason(a_contribution(), "less-delivered", "Eén docent.")
    assert said.nl.startswith("2 u 15 op 2 mei 2023 voor 'metaal': er is minder geleverd")
    assert said.nl.endswith("Toelichting: Eén docent.")
    assert said.en.startswith("2 h 15 on 2 May 2023 for 'metaal': less was delivered")
    assert reason(a_contribution(cents=125_050, minutes=0), "other").en.startswith("€ 1,250.50 on 2 May")

"""Claims and commitments by their rules: never more than was committed, never decided on by who asked."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.problems import Problem, SamePerson
from services.funding.domain import ledger
from services.funding.domain.claim import Claim, ClaimNotApproved, ClaimSettled, Evidence, PaidInFuture
from services.funding.domain.reservation import (
    CommitmentClaimed,
    CommitmentEnded,
    CommitmentExceeded,
    NotCommitted,
    Reservation,
    Terms,
)

AT = datetime(2021, 3, 1, 9, tzinfo=UTC)
ADA, BRAM, CAS = (UUID(int=number) for number in (1, 2, 3))


def a_commitment(cents: int = 1_000) -> Reservation:
    terms = Terms("lasrobot", UUID(int=7), date(2021, 6, 30))
    return Reservation(UUID(int=9), "robotisering", cents, "welding robot", "confirmed", terms=terms)


def a_claim(cents: int = 400) -> Claim:
    proof = Evidence("ab" * 32, "application/pdf", "archive/2021/17")
    return Claim(UUID(int=8), UUID(int=9), "robotisering", UUID(int=7), cents, "first part", (proof,), ADA, AT)


def test_what_is_merely_reserved_or_released_cannot_be_claimed() -> None:
    for state in ("reserved", "released"):
        with pytest.raises(NotCommitted):
            replace(a_commitment(), state=state).claim(1)


def test_a_commitment_with_claims_is_not_released_as_a_whole() -> None:
    with pytest.raises(CommitmentClaimed, match="400 cents"):
        a_commitment().claim(400).release()


def test_a_reduced_commitment_releases_only_what_is_left() -> None:
    reduced, _ = a_commitment().reduce(300)
    _, facts = reduced.release()
    assert [fact.cents for fact in facts] == [700]


def test_after_its_last_day_nothing_more_is_claimed_and_the_rest_goes_back() -> None:
    ended, facts = a_commitment().claim(400).expire()
    assert [(fact.cents, fact.left_cents, fact.why) for fact in facts] == [(600, 0, "expired")]
    with pytest.raises(CommitmentEnded, match="2021-06-30"):
        ended.claim(1)
    freed, facts = ended.unclaim(400).expire()
    assert (freed.left_cents, [fact.cents for fact in facts]) == (0, [400])


steps = st.lists(st.tuples(st.sampled_from(["claim", "unclaim", "reduce", "expire"]), st.integers(-5, 1_200)))


@given(steps=steps)
def test_no_sequence_claims_and_gives_back_more_than_was_committed(steps: list[tuple[str, int]]) -> None:
    commitment, claims, given_back = a_commitment(), list[int](), 0
    for step, amount in steps:
        try:
            match step:
                case "claim":
                    commitment = commitment.claim(amount)
                    claims.append(amount)
                case "unclaim" if claims:
                    commitment = commitment.unclaim(claims.pop(amount % len(claims)))
                case "reduce":
                    commitment, facts = commitment.reduce(amount)
                    given_back += sum(fact.cents for fact in facts)
                case "expire":
                    commitment, facts = commitment.expire()
                    given_back += sum(fact.cents for fact in facts)
        except (CommitmentExceeded, CommitmentEnded):
            continue
        assert commitment.claimed_cents == sum(claims)
        assert commitment.decommitted_cents == given_back
        assert commitment.left_cents >= 0
        assert commitment.left_cents + sum(claims) + given_back == commitment.cents


def test_who_submits_a_claim_decides_neither_way() -> None:
    with pytest.raises(SamePerson):
        a_claim().approve(ADA, AT)
    with pytest.raises(SamePerson):
        a_claim().refuse("other", "no", ADA, AT)


def test_an_approval_is_undone_by_somebody_else_than_the_approver_and_not_after_payment() -> None:
    approved, _ = a_claim().approve(BRAM, AT)
    with pytest.raises(SamePerson):
        approved.reverse("duplicate", "twice", BRAM)
    undone, fact = approved.reverse("duplicate", "twice", CAS)
    assert (undone.state, fact.reason_code) == ("reversed", "duplicate")
    paid, _ = approved.pay(AT.date(), "bank 17", AT.date())
    with pytest.raises(ClaimNotApproved, match="paid"):
        paid.reverse("duplicate", "twice", CAS)


def test_a_claim_is_decided_on_once() -> None:
    approved, _ = a_claim().approve(BRAM, AT)
    refused, _ = a_claim().refuse("no-evidence", "which invoice?", BRAM, AT)
    withdrawn, _ = a_claim().withdraw()
    for settled in (approved, refused, withdrawn):
        with pytest.raises(ClaimSettled):
            settled.approve(CAS, AT)
        with pytest.raises(ClaimSettled):
            settled.withdraw()


def test_a_payment_is_not_recorded_before_it_was_made() -> None:
    approved, _ = a_claim().approve(BRAM, AT)
    with pytest.raises(PaidInFuture):
        approved.pay(date(2021, 3, 2), "", AT.date())
    with pytest.raises(ClaimNotApproved):
        a_claim().pay(AT.date(), "", AT.date())


@given(cents=st.integers(1, 10**12), path=st.sampled_from(["approved", "paid", "reversed"]))
def test_what_was_committed_is_owed_paid_or_committed_again(cents: int, path: str) -> None:
    claim, _ = a_claim(cents).approve(BRAM, AT)
    entries = [claim.approval_entry(UUID(int=1), AT.date())]
    if path == "paid":
        claim, _ = claim.pay(AT.date(), "bank 17", AT.date())
        entries.append(claim.payment_entry(UUID(int=2), AT.date()))
    if path == "reversed":
        entries.append(entries[0].reversal(UUID(int=2), AT.date(), "mistake", "twice"))
    sums = {account: sum_[0] for account, sum_ in ledger.balances(entries).items() if sum_[0]}
    line = "robotisering"
    ends = {"approved": ledger.claimed(line), "paid": ledger.paid(line)}
    assert sums == ({ledger.committed(line): cents, ends[path]: -cents} if path in ends else {})


def test_every_refusal_of_this_file_says_what_to_do() -> None:
    for refusal in (CommitmentExceeded, CommitmentClaimed, CommitmentEnded, NotCommitted, ClaimSettled):
        assert issubclass(refusal, Problem)
        assert (refusal.__doc__ or "").count(".") >= 2

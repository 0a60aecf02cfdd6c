"""When the school that received a contribution has the word, and what its word does."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from runtime.problems import SamePerson
from services.funding.domain import contribution as domain
from services.funding.domain import holding, receiving
from services.funding.domain.acceptance import Approvals, NotVerified, accept
from services.funding.domain.bounds import bounds
from services.funding.domain.contribution import AwaitsSchool, Contribution, Hands, Lesson
from services.funding.domain.intake import Record, parse
from services.funding.domain.judging import Bookable, Known, KnownLine, Refused, judge
from services.funding.domain.ledger import JournalEntry, balances
from services.funding.domain.receiving import NotAwaited, Receiver
from services.funding.domain.scheme import Rule, Verification
from tests.support.funding_intake import a_record, material

DAY = date(2023, 5, 2)
ACME, SCHOOL, OTHER = UUID(int=60), UUID(int=70), UUID(int=71)
ADA, BO = UUID(int=1), UUID(int=2)
LINES = (KnownLine("robotisering", date(2020, 1, 1), date(2023, 12, 31)),)
NAMED = Receiver(SCHOOL, named=True)
NO_RULE = Approvals.of((), DAY)


def verdict(sent: dict[str, Any], receiver: Receiver, **terms: Any) -> Bookable | Refused:
    record = parse(sent)
    assert isinstance(record, Record)
    rule = Rule("own", Verification(record.kind, **terms), date(2020, 1, 1), date(2020, 1, 1), "the region")
    limits = bounds((rule,) if terms else (), record.kind, record.day, DAY)
    known = Known(date(2023, 6, 1), LINES, None, ACME, mandated=True, standing=True, bounds=limits, receiver=receiver)
    found = judge(record, known)
    assert isinstance(found, Bookable | Refused)
    return found


def a_contribution(**changes: object) -> Contribution:
    """Hours of acme that wait for the word of their school."""
    made = Contribution(
        UUID(int=50),
        ACME,
        "metaal",
        DAY,
        "hours",
        135,
        11_250,
        "rate",
        "intake",
        None,
        None,
        "declared",
        1,
        "acme",
        "1",
        school_id=SCHOOL,
        school_word="asked",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_without_a_rule_that_asks_it_no_school_has_the_word() -> None:
    assert verdict(a_record(school="element"), NAMED) == Bookable(True)
    assert verdict(material(school="element"), NAMED) == Bookable(False)
    assert verdict(a_record(minutes=800), Receiver(named=True)) == Bookable(False)


def test_where_no_ground_is_stated_the_school_always_has_the_word() -> None:
    assert verdict(a_record(minutes=1, school="element"), NAMED, school=True) == Bookable(False, True, SCHOOL)


def test_up_to_the_minutes_it_is_right_by_rule_and_above_them_the_school_has_the_word() -> None:
    terms = {"school": True, "minutes_per_day": 135}
    assert verdict(a_record(school="element"), NAMED, **terms) == Bookable(True)
    assert verdict(a_record(minutes=136, school="element"), NAMED, **terms) == Bookable(False, True, SCHOOL)


@pytest.mark.parametrize("kind", ["invoice", "photo"])
def test_only_evidence_of_a_stated_type_makes_it_right(kind: str) -> None:
    proof = [{"type": kind, "sha256": "a" * 64, "keptAt": "archive/1"}]
    found = verdict(material(evidence=proof, school="element"), NAMED, evidence_types=("invoice",), school=True)
    assert found == (Bookable(True) if kind == "invoice" else Bookable(False, True, SCHOOL))


def test_a_confirmed_activity_makes_it_right_and_an_unconfirmed_one_leaves_its_school_open() -> None:
    sent, terms = material(activityRef="lesson-1"), {"activity": True, "school": True}
    assert verdict(sent, Receiver(SCHOOL, True, True), **terms) == Bookable(True)
    assert verdict(sent, Receiver(named=True), **terms) == Bookable(False, True, None)
    assert verdict(sent, Receiver(SCHOOL, True, True), school=True) == Bookable(False, True, SCHOOL)


@pytest.mark.parametrize(
    ("sent", "receiver", "code"),
    [
        pytest.param({}, Receiver(named=True), "missing-school", id="none-named"),
        pytest.param({"school": "nowhere"}, Receiver(), "unknown-school", id="unknown"),
        pytest.param({"school": "acme"}, Receiver(ACME, named=True), "own-school", id="itself"),
    ],
)
def test_a_record_is_refused_when_nobody_could_say_the_word(
    sent: dict[str, Any], receiver: Receiver, code: str
) -> None:
    found = verdict(a_record(**sent), receiver, school=True)
    assert isinstance(found, Refused)
    assert [each.code for each in found.reasons] == [code]
    assert found.reasons[0].nl.endswith(" met replaces 1.")


def test_what_waits_for_its_school_is_neither_verified_by_the_office_nor_accepted() -> None:
    waiting = a_contribution()
    with pytest.raises(AwaitsSchool):
        domain.verify(waiting, "office", Hands(ADA))
    with pytest.raises(AwaitsSchool):
        accept(waiting, Hands(ADA), NO_RULE)
    with pytest.raises(NotVerified):
        accept(a_contribution(school_word=None), Hands(ADA), NO_RULE)
    after, _ = domain.verify(waiting, "school", Hands(ADA))
    assert (after.state, after.school_word, after.school_by, after.verified_how) == ("verified", "yes", ADA, "school")
    with pytest.raises(SamePerson):
        accept(after, Hands(ADA), NO_RULE)
    assert accept(after, Hands(BO), NO_RULE).state == "accepted"


def test_who_declared_or_approved_does_not_say_the_word_and_it_is_said_once() -> None:
    receiving.check_word(a_contribution(), Hands(ADA), own=False)
    for found in (a_contribution(declared_by=ADA), a_contribution(approved_by=ADA)):
        with pytest.raises(SamePerson):
            receiving.check_word(found, Hands(ADA), own=False)
    with pytest.raises(SamePerson):
        receiving.check_word(a_contribution(), Hands(BO, "acme"), own=False)
    with pytest.raises(SamePerson):
        receiving.check_word(a_contribution(), Hands(BO), own=True)
    for gone in (
        a_contribution(state="verified", school_word="yes"),
        a_contribution(state="held"),
        a_contribution(school_word=None),
    ):
        with pytest.raises(NotAwaited):
            receiving.check_word(gone, Hands(BO), own=False)


def test_the_schools_no_takes_it_out_of_the_books_and_the_office_may_bring_it_back() -> None:
    waiting = a_contribution()
    entries: list[JournalEntry] = [*domain.booking_entries(waiting)]
    after, more, fact = receiving.object_to(waiting, "less-received", Hands(ADA))
    entries += more
    assert (after.state, after.school_word, after.school_by, fact.code) == ("held", "no", ADA, "less-received")
    assert not any(cents or minutes for cents, minutes in balances(entries).values())
    back, _, _ = holding.release(after, Hands(BO))
    assert (back.state, back.verified_how, back.school_word) == ("verified", "office", "no")


def test_what_was_held_for_another_reason_comes_back_to_wait_for_its_school() -> None:
    held, _, _ = holding.hold(a_contribution(), "already-booked")
    back, _, fact = holding.release(held, Hands(BO))
    assert (back.state, back.school_word, type(fact).__name__) == ("declared", "asked", "VerificationAsked")


def test_a_lesson_confirms_what_names_it_of_its_own_organisation_and_line_only() -> None:
    lesson = Lesson(UUID(int=77), "lesson-1", ACME, "metaal", DAY, 135, SCHOOL)
    own = a_contribution(kind="material", activity_ref="lesson-1", school_id=None)
    others = (replace(own, organisation_id=OTHER), replace(own, line="mode"), replace(own, activity_ref="lesson-2"))
    assert receiving.of_activity(lesson, (own, *others), ()) == (own,)
    assert receiving.of_activity(lesson, others, {OTHER}) == others[:1]


@pytest.mark.parametrize("code", receiving.OBJECTIONS)
def test_every_no_of_a_school_is_a_sentence_in_two_languages_with_what_happens_next(code: receiving.Objection) -> None:
    said = receiving.objection(a_contribution(), code, "Er was één docent.")
    assert said.nl.endswith("u hoeft niets te doen. Toelichting: Er was één docent.")
    assert said.en.endswith("there is nothing to do for you. Note: Er was één docent.")

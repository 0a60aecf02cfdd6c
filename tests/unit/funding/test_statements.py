"""Forms for many: to whom, what differs for some, and when one is issued again; answers, and what is signed."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from runtime import ids
from services.funding.domain.answer import (
    Answer,
    AnswerChanged,
    FormClosed,
    NotFilledIn,
    SignedAhead,
    check_open,
    check_signature,
    document_hash,
    filled,
    text_of,
)
from services.funding.domain.pledge import (
    LinePromisedTwice,
    NothingPromised,
    Pledge,
    PledgeOutsideProgramme,
    Promised,
    TermOutsidePledge,
    ValuedPromise,
    valued,
)
from services.funding.domain.programme import Programme, ProgrammeLine, UnknownLine
from services.funding.domain.scheme import EligibleKinds, Rate, Rule
from services.funding.domain.statement import (
    Addressee,
    Apart,
    ExceptionTwice,
    FormCodeTaken,
    FormOfRound,
    FormPeriodInverted,
    Round,
    Statement,
    form_code,
    issue,
)
from services.funding.domain.terms import Term
from services.funding.domain.valuation import KindNotEligible

REGION, ADA = UUID(int=99), UUID(int=98)
FIRST, LAST, DEADLINE = date(2020, 1, 1), date(2023, 12, 31), date(2019, 3, 22)
AT = datetime(2019, 3, 20, 12, tzinfo=UTC)
PROGRAMME = Programme(FIRST, LAST, {code: ProgrammeLine(code, "spearhead", code) for code in ("robot", "metaal")})
ASKED = (Promised("robot", 600, term=Term(2021, 3)), Promised("metaal", material_cents=10_000))
REACHED = [Addressee(UUID(int=n), code, kind) for n, (code, kind) in enumerate([("acme", "company"), ("mbo", "mbo")])]
RULES = (
    Rule("kinds", EligibleKinds(("hours", "material", "loan")), FIRST, date(2019, 1, 1), "the scheme"),
    Rule("rate-50", Rate("hours", 5_000), FIRST, date(2019, 1, 1), "the region"),
)


def a_round(**other: Any) -> Round:
    return replace(Round(UUID(int=5), "form-2020", "Form", DEADLINE, ("planning",), expected=ASKED), **other)


def a_form(**other: Any) -> Statement:
    return replace(Statement(UUID(int=1), "form-acme", UUID(int=7), "Form", DEADLINE, expected=ASKED), **other)


def an_answer(*lines: Promised, form: Statement | None = None, before: Answer | None = None) -> Answer:
    return filled(form or a_form(version=1), lines, PROGRAMME, by=ADA, at=AT, via="rest", before=before)[0]


# --- to whom ----------------------------------------------------------------------------------------------------------


def test_a_round_is_a_form_for_everybody_it_reaches_and_each_gets_a_fact() -> None:
    forms = a_round().forms(REGION, REACHED)
    assert [form.code for form in forms] == ["form-2020.acme", "form-2020.mbo"]
    assert [form.id for form in forms] == [ids.coded_id(REGION, "statement", form.code) for form in forms]
    facts = [each.fact for each in issue(forms, {})]
    assert [fact.organisation_id for fact in facts] == [each.id for each in REACHED]
    assert facts[0].expected is not None
    assert (facts[0].expected.minutes, facts[0].expected.material_cents) == (600, 10_000)


def test_issued_again_it_tells_only_who_joined_and_whose_form_reads_otherwise() -> None:
    first = {each.form.id: each.form for each in issue(a_round().forms(REGION, REACHED[:1]), {})}
    assert issue(a_round().forms(REGION, REACHED[:1]), first) == ()
    joined = issue(a_round().forms(REGION, REACHED), first)
    assert [each.form.code for each in joined] == ["form-2020.mbo"]
    later = issue(a_round(deadline=date(2019, 4, 1)).forms(REGION, REACHED[:1]), first)
    assert [(each.form.version, each.fact.deadline) for each in later] == [(2, date(2019, 4, 1))]


def test_a_form_that_was_signed_says_so_when_it_is_issued_again() -> None:
    signed = a_form(version=1, answered=True)
    (fact,) = a_form(deadline=date(2019, 4, 1)).issue(signed)[1]
    assert fact.answered


def test_kinds_and_exceptions_say_who_is_asked_what() -> None:
    only = a_round(kinds=("company",)).forms(REGION, REACHED)
    assert [form.code for form in only] == ["form-2020.acme"]
    apart = (Apart("acme", deadline=date(2019, 5, 1), expected=()), Apart("mbo", left_out=True))
    (form,) = a_round(exceptions=apart).forms(REGION, REACHED)
    assert (form.deadline, form.expected) == (date(2019, 5, 1), ())
    with pytest.raises(ExceptionTwice):
        a_round(exceptions=(apart[0], apart[0])).check(PROGRAMME)


def test_a_form_of_a_round_is_changed_through_its_round_only() -> None:
    (of_round,) = (each.form for each in issue(a_round().forms(REGION, REACHED[:1]), {}))
    with pytest.raises(FormOfRound):
        replace(of_round, round_id=None, title="Other").issue(of_round)
    with pytest.raises(FormCodeTaken):
        of_round.issue(replace(of_round, round_id=None, version=1))


def test_the_code_of_a_form_is_its_own_however_long_both_codes_are() -> None:
    long = [form_code("r" * 80, f"{'o' * 70}{n}") for n in range(2)]
    assert len(set(long)) == 2
    assert {len(code) for code in long} == {80}
    assert form_code("form", "acme") == "form.acme"


@pytest.mark.parametrize(
    ("other", "refused"),
    [
        ({"expected": (Promised("robotica", 60),)}, UnknownLine),
        ({"expected": (Promised("robot", 60, term=Term(2024, 1)),)}, TermOutsidePledge),
        ({"expected": (Promised("robot", 60), Promised("robot", 120))}, LinePromisedTwice),
        ({"from_": date(2021, 1, 1), "until": date(2020, 1, 1)}, FormPeriodInverted),
        ({"until": date(2024, 1, 1)}, PledgeOutsideProgramme),
    ],
)
def test_a_form_asks_for_lines_and_terms_of_its_days(other: dict[str, Any], refused: type[Exception]) -> None:
    for asked in (a_round(**other), a_form(**other)):
        with pytest.raises(refused):
            asked.check(PROGRAMME)


# --- what is answered -------------------------------------------------------------------------------------------------


def test_an_answer_leaves_out_lines_of_nothing_and_the_same_again_is_nothing_new() -> None:
    first = an_answer(Promised("robot", 60), Promised("metaal"))
    assert (first.lines, first.version) == ((Promised("robot", 60),), 1)
    again, new = filled(a_form(version=1), (Promised("robot", 60),), PROGRAMME, by=ADA, at=AT, via="rest", before=first)
    assert (again, new) == (first, False)
    assert an_answer(Promised("robot", 90), before=first).version == 2
    for nothing in ((), (Promised("robot"),)):
        with pytest.raises(NothingPromised):
            an_answer(*nothing)
    with pytest.raises(UnknownLine):
        an_answer(Promised("robotica", 60))


def test_until_its_deadline_an_organisation_answers_and_after_it_the_office() -> None:
    check_open(a_form(), DEADLINE, office=False)
    check_open(a_form(), date(2020, 1, 1), office=True)
    with pytest.raises(FormClosed):
        check_open(a_form(), date(2019, 3, 23), office=False)


def test_a_signature_is_of_what_is_there_and_anybody_can_hash_it_again() -> None:
    form, answer = a_form(version=1), an_answer(Promised("robot", 60, term=Term(2021, 3)))
    digest = document_hash(form, answer, FIRST, LAST)
    assert check_signature(form, answer, digest, DEADLINE, DEADLINE, FIRST, LAST) == answer
    text = text_of(form, answer, FIRST, LAST)
    assert hashlib.sha256(text.encode()).hexdigest() == digest
    assert json.loads(text)["lines"][0] == {
        "line": "robot",
        "year": 2021,
        "term": 3,
        "minutes": 60,
        "materialCents": 0,
        "facilitiesCents": 0,
        "cashCents": 0,
    }
    with pytest.raises(NotFilledIn):
        check_signature(form, None, digest, DEADLINE, DEADLINE, FIRST, LAST)
    with pytest.raises(AnswerChanged):
        check_signature(form, an_answer(Promised("robot", 61)), digest, DEADLINE, DEADLINE, FIRST, LAST)
    with pytest.raises(AnswerChanged):
        check_signature(form, answer, digest, DEADLINE, DEADLINE, date(2020, 2, 1), LAST)
    with pytest.raises(SignedAhead):
        check_signature(form, answer, digest, DEADLINE, date(2019, 3, 21), FIRST, LAST)


# --- what a pledge may hold -------------------------------------------------------------------------------------------


def test_facilities_count_as_a_loan_and_cash_only_where_the_scheme_takes_it() -> None:
    (line,) = valued([Promised("robot", 60, 1, 200)], PROGRAMME, RULES, FIRST, LAST, DEADLINE)
    assert line == ValuedPromise("robot", 60, 1, 5_201, 200)
    with pytest.raises(KindNotEligible):
        valued([Promised("robot", cash_cents=100)], PROGRAMME, RULES, FIRST, LAST, DEADLINE)


def test_a_line_in_two_terms_is_booked_on_one_account_and_falls_due_in_each() -> None:
    lines = valued(
        [Promised("robot", 60, term=Term(2020, 1)), Promised("robot", 30, term=Term(2023, 3)), Promised("robot", 6)],
        PROGRAMME,
        RULES,
        date(2020, 2, 1),
        LAST,
        DEADLINE,
    )
    pledge = Pledge(UUID(int=1), "acme", UUID(int=7), None, DEADLINE, date(2020, 2, 1), LAST, lines)
    assert [(each.account, each.minutes) for each in pledge.entry(UUID(int=2)).postings] == [
        ("memo/pledged/robot", 96),
        (f"memo/promised/{UUID(int=7)}", -96),
    ]
    assert [line.days(pledge.from_, pledge.until) for line in lines] == [
        (date(2020, 2, 1), date(2020, 4, 30)),
        (date(2023, 9, 1), LAST),
        (date(2020, 2, 1), LAST),
    ]
    _, (fact,) = pledge.sign(None, PROGRAMME)
    assert [(each.year, each.term) for each in fact.lines] == [(2020, 1), (2023, 3), (None, None)]

"""Statements and pledges: asked, promised, valued on both clocks, booked off the balance."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain import ledger
from services.funding.domain.pledge import (
    LinePromisedTwice,
    NothingPromised,
    OtherOrganisation,
    Pledge,
    PledgeBackdated,
    PledgeOutsideProgramme,
    Promised,
    ValuedPromise,
    valued,
)
from services.funding.domain.programme import Programme, ProgrammeLine, UnknownLine
from services.funding.domain.scheme import EligibleKinds, Rate, Rule
from services.funding.domain.statement import Statement
from services.funding.domain.valuation import KindNotEligible

ACME, OTHER = UUID(int=7), UUID(int=8)
FIRST, LAST, SIGNED = date(2020, 1, 1), date(2023, 12, 31), date(2019, 3, 20)
LINES = ("robotisering", "instroom", "het-element")
PROGRAMME = Programme(FIRST, LAST, {code: ProgrammeLine(code, "spearhead", code.title()) for code in LINES})
RULES = (
    Rule("kinds", EligibleKinds(("hours", "material")), FIRST, date(2019, 1, 1), "the scheme"),
    Rule("rate-50", Rate("hours", 5_000), FIRST, date(2019, 1, 1), "the region"),
    Rule("rate-60", Rate("hours", 6_000), FIRST, date(2021, 1, 1), "the region, later"),
)


def a_pledge(*lines: ValuedPromise, signed_on: date = SIGNED, until: date = LAST) -> Pledge:
    lines = lines or (ValuedPromise("robotisering", 60, 0, 5_000),)
    return Pledge(UUID(int=1), "acme-2020", ACME, None, signed_on, FIRST, until, lines)


def test_hours_and_material_are_worth_what_the_rules_say() -> None:
    (line,) = valued([Promised("robotisering", 90, 2_500)], PROGRAMME, RULES, FIRST, LAST, SIGNED)
    assert line == ValuedPromise("robotisering", 90, 2_500, 10_000)


def test_a_promise_is_worth_what_was_known_when_it_was_signed() -> None:
    worth = [
        valued([Promised("instroom", 60, 0)], PROGRAMME, RULES, FIRST, LAST, day)[0].cents for day in (SIGNED, LAST)
    ]
    assert worth == [5_000, 6_000]


def test_before_anybody_knew_the_rules_nothing_can_be_valued() -> None:
    with pytest.raises(KindNotEligible):
        valued([Promised("instroom", 60, 0)], PROGRAMME, RULES, FIRST, LAST, date(2018, 12, 31))


def test_an_unknown_line_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UnknownLine, match="Did you mean 'robotisering'"):
        valued([Promised("robotica", 60, 0)], PROGRAMME, RULES, FIRST, LAST, SIGNED)
    with pytest.raises(UnknownLine) as refused:
        valued([Promised("zzz", 60, 0)], PROGRAMME, RULES, FIRST, LAST, SIGNED)
    assert "Did you mean" not in refused.value.detail


@pytest.mark.parametrize("promised", [[], [Promised("instroom", 0, 0)], [Promised("instroom", -60, 90_000)]])
def test_a_pledge_of_nothing_is_none(promised: list[Promised]) -> None:
    with pytest.raises(NothingPromised):
        valued(promised, PROGRAMME, RULES, FIRST, LAST, SIGNED)


def test_a_line_stands_in_a_pledge_once() -> None:
    with pytest.raises(LinePromisedTwice):
        valued([Promised("instroom", 1, 0), Promised("instroom", 2, 0)], PROGRAMME, RULES, FIRST, LAST, SIGNED)


def test_signing_tells_what_was_promised_and_the_same_again_tells_nothing() -> None:
    signed, (fact,) = a_pledge().sign(None, PROGRAMME)
    assert (signed.version, fact.cents, fact.minutes, fact.until) == (1, 5_000, 60, LAST)
    revalued = a_pledge(ValuedPromise("robotisering", 60, 0, 6_000))
    assert revalued.sign(signed, PROGRAMME) == (signed, ())


def test_a_pledge_is_signed_anew_but_not_backdated_and_not_by_another() -> None:
    signed, _ = a_pledge().sign(None, PROGRAMME)
    more = a_pledge(ValuedPromise("instroom", 0, 100, 100), signed_on=date(2021, 1, 1))
    assert more.sign(signed, PROGRAMME)[0].version == 2
    with pytest.raises(PledgeBackdated):
        a_pledge(ValuedPromise("instroom", 0, 100, 100), signed_on=date(2019, 1, 1)).sign(signed, PROGRAMME)
    with pytest.raises(OtherOrganisation):
        replace(more, organisation_id=OTHER).sign(signed, PROGRAMME)


@pytest.mark.parametrize("until", [date(2024, 1, 1), date(2019, 12, 31)])
def test_a_pledge_runs_within_the_programme(until: date) -> None:
    with pytest.raises(PledgeOutsideProgramme, match="2020-01-01 until 2023-12-31"):
        a_pledge(until=until).sign(None, PROGRAMME)


@given(promises=st.lists(st.tuples(st.integers(1, 10**6), st.integers(0, 10**9)), min_size=1, max_size=len(LINES)))
def test_what_is_booked_of_a_pledge_balances_and_undoes_without_a_rest(promises: list[tuple[int, int]]) -> None:
    lines = [ValuedPromise(LINES[place], *amounts, amounts[1]) for place, amounts in enumerate(promises)]
    pledge = a_pledge(*[replace(line, material_cents=0) for line in lines])
    entry = pledge.entry(UUID(int=2))
    balances = ledger.balances([entry])
    assert balances[ledger.promised(ACME)] == (-pledge.cents, -pledge.minutes)
    assert balances[ledger.pledged(LINES[0])] == (lines[0].cents, lines[0].minutes)
    undone = ledger.balances([entry, entry.reversal(UUID(int=3), LAST, "signed-anew")])
    assert set(undone.values()) == {(0, 0)}


def test_a_form_is_issued_again_only_when_it_says_something_else() -> None:
    form = Statement(UUID(int=1), "form-acme", ACME, "Cofinanciering", date(2019, 3, 22))
    issued, (fact,) = form.issue(None)
    assert (issued.version, fact.deadline, fact.code) == (1, date(2019, 3, 22), "form-acme")
    assert form.issue(issued) == (issued, ())
    later, facts = replace(form, deadline=date(2019, 3, 29)).issue(issued)
    assert (later.version, len(facts)) == (2, 1)
    with pytest.raises(OtherOrganisation):
        replace(form, organisation_id=OTHER).issue(issued)

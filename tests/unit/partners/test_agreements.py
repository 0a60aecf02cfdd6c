"""The life of an agreement: who may still change what, and the one moment at which it comes into force."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.problems import NotFound, Problem
from services.partners.domain.agreements import (
    Agreement,
    AgreementState,
    AlreadySigned,
    Blank,
    FieldsEmpty,
    FieldsSigned,
    FieldTwice,
    FieldUnknown,
    NobodyCounts,
    NotCirculated,
    OutsideSigningWindow,
    Party,
    PartyRole,
    PartyTwice,
    Signature,
    SignedInFuture,
    TextDiffers,
    TextFixed,
)
from services.partners.domain.periods import Period, PeriodBackwards
from services.partners.events import AgreementEnteredIntoForce, AgreementSigned

A, B, C = (UUID(int=number) for number in (1, 2, 3))
PERSON = UUID(int=99)
SIGNING, TODAY = date(2019, 3, 27), date(2019, 4, 1)


def an_agreement(*parties: Party, **changes: Any) -> Agreement:
    drawn_up = Agreement(
        UUID(int=7),
        "samenwerking",
        "Samenwerkingsovereenkomst",
        "Wij werken samen.",
        Period(date(2020, 1, 1), date(2023, 12, 31)),
        date(2019, 3, 1),
        date(2019, 3, 31),
        (),
        parties or (Party(A), Party(B)),
    )
    return replace(drawn_up, **changes)


def circulated(*parties: Party, **changes: Any) -> Agreement:
    return an_agreement(*parties, **changes).circulate()[0]


def signed(
    agreement: Agreement, of: UUID, on: date = SIGNING, person: UUID = PERSON
) -> tuple[Agreement, tuple[Any, ...]]:
    return agreement.sign(of, Signature(person, on), text_hash=agreement.text_hash, today=TODAY)


@given(st.permutations([A, B, C]), st.lists(st.integers(1, 31), min_size=3, max_size=3))
def test_in_whatever_order_they_sign_it_enters_into_force_once_since_the_last_day_of_those_that_count(
    order: list[UUID], days_of_march: list[int]
) -> None:
    agreement = circulated(Party(A), Party(B), Party(C, PartyRole.WITNESS, counts=False))
    on = {of: date(2019, 3, day) for of, day in zip((A, B, C), days_of_march, strict=True)}
    facts: list[Any] = []
    for of in order:
        agreement, told = signed(agreement, of, on[of])
        facts += told
        both = all(agreement.party(each).signature for each in (A, B))
        assert (agreement.state is AgreementState.IN_FORCE) is both
    entered = [each for each in facts if isinstance(each, AgreementEnteredIntoForce)]
    assert [each.since for each in entered] == [max(on[A], on[B])] == [agreement.in_force_since]
    assert set(entered[0].parties) == {A, B}
    assert [(each.organisation_id, each.of) for each in facts if isinstance(each, AgreementSigned)] == [
        (of, 2) for of in order
    ]


def test_its_validity_is_apart_from_the_window_in_which_it_is_signed() -> None:
    agreement = circulated(Party(A))
    entered = signed(agreement, A)[1][-1]
    assert (entered.since, entered.first_day, entered.last_day) == (SIGNING, date(2020, 1, 1), date(2023, 12, 31))


def test_the_same_signature_again_changes_nothing_and_another_is_refused() -> None:
    agreement = signed(circulated(), A)[0]
    assert signed(agreement, A) == (agreement, ())
    with pytest.raises(AlreadySigned):
        signed(agreement, A, person=UUID(int=98))


@pytest.mark.parametrize(
    ("agreement", "of", "on", "rule"),
    [
        (an_agreement(), A, SIGNING, NotCirculated),
        (circulated(), C, SIGNING, NotFound),
        (circulated(), A, date(2019, 2, 28), OutsideSigningWindow),
        (circulated(), A, date(2019, 4, 1), OutsideSigningWindow),
        (circulated(sign_until=None), A, date(2019, 4, 2), SignedInFuture),
        (circulated(blanks=(Blank("function", "Functie", required=True),)), A, SIGNING, FieldsEmpty),
    ],
    ids=["draft", "no party", "too early", "too late", "in the future", "required field empty"],
)
def test_a_signature_is_refused(agreement: Agreement, of: UUID, on: date, rule: type[Problem]) -> None:
    with pytest.raises(rule):
        signed(agreement, of, on)


def test_signing_another_text_than_was_circulated_is_refused() -> None:
    agreement = circulated()
    other = replace(agreement, text="Wij werken tegen.")
    with pytest.raises(TextDiffers):
        agreement.sign(A, Signature(PERSON, SIGNING), text_hash=other.text_hash, today=TODAY)


def test_the_hash_is_of_the_text_in_utf_8() -> None:
    assert an_agreement(text="é").text_hash == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"


def test_a_required_field_that_was_filled_in_lets_the_party_sign_and_is_fixed_by_that() -> None:
    agreement = circulated(blanks=(Blank("function", "Functie", required=True), Blank("note", "Opmerking")))
    filled = agreement.fill_in(A, {"function": "directeur", "note": "  "})
    assert filled is not None
    assert filled.fill_in(A, {"function": "directeur"}) is None
    done = signed(filled, A)[0]
    assert done.fill_in(A, {"function": "directeur"}) is None
    with pytest.raises(FieldsSigned):
        done.fill_in(A, {"function": "rector"})
    with pytest.raises(FieldsEmpty):
        signed(done, B)


def test_a_field_that_the_agreement_does_not_have_is_refused() -> None:
    with pytest.raises(FieldUnknown):
        an_agreement().fill_in(A, {"shoe-size": "43"})


def test_circulating_twice_tells_the_parties_once() -> None:
    agreement, facts = an_agreement().circulate()
    assert [each.fact_type for each in facts] == ["nl.speerpunt.partners.agreement-circulated.v1"]
    assert agreement.circulate() == (agreement, ())


def test_an_agreement_that_waits_for_nobody_cannot_be_circulated() -> None:
    with pytest.raises(NobodyCounts):
        an_agreement(Party(A, counts=False)).circulate()


def test_a_draft_changes_and_keeps_what_its_remaining_parties_filled_in() -> None:
    draft = an_agreement(blanks=(Blank("a", "A"), Blank("b", "B"))).fill_in(A, {"a": "1", "b": "2"})
    assert draft is not None
    changed = draft.put(an_agreement(Party(A), Party(C), blanks=(Blank("a", "A"),)))
    assert changed is not None
    assert [(each.organisation_id, each.filled_in) for each in changed.parties] == [(A, (("a", "1"),)), (C, ())]


def test_once_circulated_the_same_again_is_accepted_and_anything_else_refused() -> None:
    agreement = signed(circulated(), A)[0]
    assert agreement.put(an_agreement()) is None
    with pytest.raises(TextFixed):
        agreement.put(an_agreement(text="Iets anders."))


def test_an_agreement_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(PartyTwice):
        an_agreement(Party(A), Party(A, PartyRole.WITNESS))
    with pytest.raises(FieldTwice):
        an_agreement(blanks=(Blank("a", "A"), Blank("a", "B")))
    with pytest.raises(PeriodBackwards):
        an_agreement(sign_until=date(2019, 2, 1))

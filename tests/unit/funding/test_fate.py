"""What became of a contribution in one word, and what its organisation can do about it."""

from dataclasses import replace
from datetime import date
from typing import Any, get_args
from uuid import UUID

import pytest

from services.funding.domain.fate import SENTENCES, Fate, Step
from services.funding.domain.intake import BY_HAND, Reason

DAY = date(2023, 5, 2)
WHY = Reason("unknown-line", "line", "Dat speerpunt bestaat niet.", "There is no such spearhead.")
SENT = Fate(
    UUID(int=1),
    UUID(int=60),
    "acme",
    "8842",
    None,
    None,
    "metaal",
    "2023-05-02",
    "hours",
    "booked",
    "booked",
    (),
    None,
    None,
    UUID(int=2),
    "declared",
    DAY,
    135,
    11_250,
    "rate-hours",
    None,
    None,
    None,
)
NOT_BOOKED: dict[str, Any] = {"contribution_id": None, "stands": None, "booked_day": None}


def by_hand(**changes: Any) -> Fate:
    return replace(SENT, sender=BY_HAND, draft_id=UUID(int=3), **changes)


@pytest.mark.parametrize(
    ("fate", "state", "steps"),
    [
        pytest.param(SENT, "declared", ("wait-for-office", "replace", "withdraw"), id="sent"),
        pytest.param(
            replace(SENT, school_word="asked"), "declared", ("wait-for-school", "replace", "withdraw"), id="school"
        ),
        pytest.param(
            replace(SENT, stands="verified"), "verified", ("wait-for-acceptance", "replace", "withdraw"), id="verified"
        ),
        pytest.param(replace(SENT, stands="accepted"), "accepted", ("ask-office",), id="accepted"),
        pytest.param(replace(SENT, stands="rejected", rejected_code="other"), "rejected", ("declare-anew",), id="no"),
        pytest.param(replace(SENT, recorded="replaced", stands="reversed"), "replaced", (), id="replaced"),
        pytest.param(replace(SENT, recorded="refused", **NOT_BOOKED), "refused", ("send-anew",), id="refused"),
        pytest.param(
            replace(SENT, recorded="held", **NOT_BOOKED), "held", ("wait-for-office", "replace", "withdraw"), id="held"
        ),
        pytest.param(by_hand(), "declared", ("wait-for-office", "mend-draft", "take-back"), id="by-hand"),
        pytest.param(
            by_hand(recorded="held", **NOT_BOOKED),
            "held",
            ("wait-for-office", "mend-draft", "take-back"),
            id="hand-held",
        ),
        pytest.param(by_hand(recorded="refused", **NOT_BOOKED), "refused", ("mend-draft",), id="hand-refused"),
        pytest.param(
            by_hand(recorded="refused", stands="rejected", rejected_code="other"),
            "rejected",
            ("mend-draft",),
            id="mended",
        ),
        pytest.param(by_hand(stands="rejected", rejected_code="other"), "rejected", ("mend-draft",), id="hand-no"),
        pytest.param(
            replace(SENT, recorded="held", withdraws="1", **NOT_BOOKED), "held", ("wait-for-office",), id="back-held"
        ),
        pytest.param(replace(SENT, recorded="refused", withdraws="1", **NOT_BOOKED), "refused", (), id="back-refused"),
        pytest.param(
            replace(SENT, sender=None, recorded=None, outcome=None, stands="verified"),
            "verified",
            ("wait-for-acceptance", "ask-office"),
            id="lesson",
        ),
    ],
)
def test_what_it_is_and_what_can_be_done_follow_from_who_declared_it_and_where_it_stands(
    fate: Fate, state: str, steps: tuple[Step, ...]
) -> None:
    assert (fate.state, fate.steps(None)) == (state, steps)


def test_what_is_booked_in_a_closed_period_only_the_office_undoes() -> None:
    assert SENT.steps(DAY) == ("wait-for-office", "ask-office")
    assert SENT.steps(date(2023, 5, 1)) == ("wait-for-office", "replace", "withdraw")


def test_of_a_rejection_its_organisation_reads_the_sentence_of_the_code_with_the_note() -> None:
    lesson = replace(SENT, sender=None, stands="rejected", rejected_code="less-delivered", rejected_note="Eén docent.")
    (why,) = lesson.reasons
    assert why.code == "less-delivered"
    assert why.nl.startswith("2 u 15 op 2 mei")
    assert why.nl.endswith("Geef op wat er wel geleverd is. Toelichting: Eén docent.")
    assert replace(lesson, told=(WHY,)).reasons == (WHY,)
    assert SENT.reasons == ()


def test_every_step_is_a_sentence_in_two_languages() -> None:
    assert set(SENTENCES) == set(get_args(Step))
    assert all(nl.endswith(".") and en.endswith(".") and nl != en for nl, en in SENTENCES.values())

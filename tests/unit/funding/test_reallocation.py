"""Re-allocation: what a division becomes when money moves between its lines, to the cent."""

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.funding.domain.allocation import Allocation, DividedMeanwhile, Move, plan_lines
from services.funding.domain.ledger import UNALLOCATED_LINE
from services.funding.domain.programme import Programme, ProgrammeLine, UnknownLine
from services.funding.domain.reallocation import LineTooSmall, NoMove, plan_after, refuse_below_bound
from services.funding.domain.reservation import Budget, LineBelowCommitted
from tests.support.funding_books import CONTROLLER, LOCATIONS, OFFICE, PROGRAMME, SPEARHEADS, a_plan

CENTS = 1_000_000_001
DAY = date(2020, 1, 1)
AT = datetime(2020, 1, 1, tzinfo=UTC)
GRANT = UUID(int=1)


def in_force(number: int = 1) -> Allocation:
    made, _ = Allocation.propose(
        UUID(int=10 + number), GRANT, "v", number, a_plan(), CENTS, DAY, "", PROGRAMME, OFFICE, AT
    )
    approved, _ = made.approve(None, None, CENTS, CONTROLLER, AT)
    return approved.take_effect()


def after(*moves: Move, grant_cents: int = CENTS, programme: Programme = PROGRAMME) -> dict[str, int]:
    return {
        line.line: line.cents for line in plan_lines(grant_cents, plan_after(in_force(), grant_cents, moves, programme))
    }


BEFORE = {line.line: line.cents for line in in_force().lines}
lines = st.sampled_from([*SPEARHEADS, *LOCATIONS, UNALLOCATED_LINE])
moves_ = st.lists(st.builds(Move, lines, lines, st.integers(1, 90_000_000)), min_size=1, max_size=6)


@given(moves=moves_, grown=st.integers(0, 10**9))
def test_moves_change_just_their_lines_and_the_sum_stays_the_grant(moves: list[Move], grown: int) -> None:
    expected = {**BEFORE, UNALLOCATED_LINE: BEFORE[UNALLOCATED_LINE] + grown}
    for move in moves:
        expected[move.source] -= move.cents
        expected[move.target] += move.cents
    if any(move.source == move.target for move in moves):
        with pytest.raises(NoMove):
            after(*moves, grant_cents=CENTS + grown)
    elif min(expected.values()) < 0:
        with pytest.raises(LineTooSmall):
            after(*moves, grant_cents=CENTS + grown)
    else:
        found = after(*moves, grant_cents=CENTS + grown)
        assert found == expected
        assert sum(found.values()) == CENTS + grown


def test_money_may_cross_the_envelopes_and_each_line_stays_in_its_own() -> None:
    plan = plan_after(in_force(), CENTS, [Move("instroom", "corlaer", 7)], PROGRAMME)
    assert [(each.code, {line.line for line in each.lines}) for each in plan] == [
        ("spearheads", set(SPEARHEADS)),
        ("locations", set(LOCATIONS)),
    ]


def test_a_line_that_is_new_joins_the_envelope_of_its_kind_and_an_unknown_one_is_refused() -> None:
    grown = Programme(DAY, DAY, {**PROGRAMME.lines, "drones": ProgrammeLine("drones", "spearhead", "Drones")})
    assert after(Move("instroom", "drones", 5), programme=grown)["drones"] == 5
    with pytest.raises(UnknownLine, match="Did you mean 'metaal'"):
        after(Move("instroom", "metal", 5))


def test_what_is_reserved_committed_or_claimed_stays_with_the_line() -> None:
    budget = Budget("instroom", 1_000, 100, 200, 300)
    refuse_below_bound([Move("instroom", "metaal", 400)], {"instroom": budget})
    with pytest.raises(LineBelowCommitted, match="600 cents reserved, committed or claimed and would get 599"):
        refuse_below_bound([Move("instroom", "metaal", 401)], {"instroom": budget})


def test_a_reallocation_is_not_approved_once_another_version_was() -> None:
    base = in_force()
    moves = (Move("instroom", "metaal", 5),)
    plan = plan_after(base, CENTS, moves, PROGRAMME)
    made, facts = Allocation.propose(
        UUID(int=3), GRANT, "r", 3, plan, CENTS, DAY, "why", None, OFFICE, AT, moves, base.id
    )
    assert [(each.source, each.target, each.cents) for each in facts[0].moves] == [("instroom", "metaal", 5)]
    with pytest.raises(DividedMeanwhile):
        made.approve(in_force(2), in_force(2), CENTS, CONTROLLER, AT)
    assert made.approve(base, base, CENTS, CONTROLLER, AT)[0].state == "approved"

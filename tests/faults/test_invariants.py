"""The checker sees each invariant broken, and nothing in what is right: a checker that cannot say no proves nothing."""

from collections.abc import Callable, Sequence

import pytest

from tests.faults import invariants as check
from tests.faults.invariants import History, Published, Violation


def published(*sequences: int, key: str = "walker/1") -> list[Published]:
    return [Published(0, place, key, f"{key}-{number}", number) for place, number in enumerate(sequences)]


def written(*versions: int, key: str = "walker/1") -> list[tuple[str, str, int]]:
    return [(f"{key}-{number}", key, number) for number in versions]


def history(*acknowledged: str, refused: Sequence[str] = ()) -> History:
    found = History()
    found.ended("ok", acknowledged)
    found.ended("fail", refused)
    return found


LETTER = ("funding.partners partners.events-0-7", b"key", b"{")

CASES: dict[str, tuple[set[str], Callable[[], list[Violation]]]] = {
    "books are right": (
        set(),
        lambda: check.books_balance([("a", 0, 0)], {"cash": (5, 0)}, {"cash": (5, 0)}),
    ),
    "an entry is a cent off": ({"I1"}, lambda: check.books_balance([("a", 1, 0)], {}, {})),
    "an entry is a minute off": ({"I1"}, lambda: check.books_balance([("a", 0, -1)], {}, {})),
    "a balance is not its postings": (
        {"I1"},
        lambda: check.books_balance([], {"cash": (5, 0)}, {"cash": (6, 0)}),
    ),
    "postings have no account": ({"I1"}, lambda: check.books_balance([], {}, {"cash": (6, 0)})),
    "a line is right": (
        set(),
        lambda: check.line_is_not_overdrawn(100, 40, 60, {"reserved": 40, "confirmed": 60, "released": 900}),
    ),
    "a line is overdrawn": (
        {"I2"},
        lambda: check.line_is_not_overdrawn(99, 40, 60, {"reserved": 40, "confirmed": 60}),
    ),
    "a reservation is not on its line": ({"I2"}, lambda: check.line_is_not_overdrawn(100, 0, 60, {"confirmed": 61})),
    "a division is right": (set(), lambda: check.division_is_the_grant(10, {"a": 4, "b": 6}, {"a": 4, "b": 6})),
    "a cent is lost in a division": (
        {"I2"},
        lambda: check.division_is_the_grant(10, {"a": 4, "b": 5}, {"a": 4, "b": 5}),
    ),
    "half a division is in force": (
        {"I2"},
        lambda: check.division_is_the_grant(10, {"a": 4, "b": 6}, {"a": 5, "b": 5}),
    ),
    "a topic is right": (set(), lambda: check.published_is_what_was_in_the_outbox(written(1, 2), published(1, 2, 1))),
    "a fact that came while the topic was read may be in it": (
        set(),
        lambda: check.published_is_what_was_in_the_outbox(written(1), published(1, 2), written(1, 2)),
    ),
    "a fact from before is lost although later ones came": (
        {"I3"},
        lambda: check.published_is_what_was_in_the_outbox(written(1, 2), published(1, 3), written(1, 2, 3)),
    ),
    "a fact is not in the topic": (
        {"I3"},
        lambda: check.published_is_what_was_in_the_outbox(written(1, 2), published(1)),
    ),
    "the topic tells what never was": (
        {"I3"},
        lambda: check.published_is_what_was_in_the_outbox(written(1), published(1, 2)),
    ),
    "an aggregate is told in the wrong order": (
        {"I5"},
        lambda: check.published_is_what_was_in_the_outbox(written(1, 2), published(2, 1)),
    ),
    "the state is right": (
        set(),
        lambda: check.published_is_what_was_committed(history("walker/1-1"), published(1, 2), {"walker/1": 2}),
    ),
    "an acknowledged event is lost": (
        {"I3"},
        lambda: check.published_is_what_was_committed(history("walker/1-3"), published(1, 2), {"walker/1": 2}),
    ),
    "a refused command is told": (
        {"I3"},
        lambda: check.published_is_what_was_committed(
            history(refused=["walker/1-2"]), published(1, 2), {"walker/1": 2}
        ),
    ),
    "a version of the state is not told": (
        {"I3"},
        lambda: check.published_is_what_was_committed(history(), published(1), {"walker/1": 2}),
    ),
    "a stranger is told of": (
        {"I3"},
        lambda: check.published_is_what_was_committed(history(), published(1), {}),
    ),
    "versions are told in the wrong order": (
        {"I5"},
        lambda: check.published_is_what_was_committed(history(), published(2, 1), {"walker/1": 2}),
    ),
    "effects are right": (set(), lambda: check.effects_happened_once(published(1, 2, 2), written(1, 2))),
    "an effect is doubled": ({"I4"}, lambda: check.effects_happened_once(published(1), written(1, 1))),
    "an effect has no message": ({"I4"}, lambda: check.effects_happened_once([], written(1))),
    "a message had no effect": ({"I6"}, lambda: check.effects_happened_once(published(1, 2), written(1))),
    "effects are in the wrong order": ({"I5"}, lambda: check.effects_happened_once(published(1, 2), written(2, 1))),
    "records are right": (
        set(),
        lambda: [*check.records_ended_once(["a-0"], {"a-0": 1}), *check.booked_is_what_arrived({"1": 5}, [("1", 5)])],
    ),
    "a record got no receipt": ({"I6"}, lambda: check.records_ended_once(["a-0"], {})),
    "a record got two receipts": ({"I4"}, lambda: check.records_ended_once(["a-0"], {"a-0": 2})),
    "a record is booked twice": ({"I4"}, lambda: check.booked_is_what_arrived({"1": 5}, [("1", 5), ("1", 5)])),
    "a record is booked as a later one said": ({"I4"}, lambda: check.booked_is_what_arrived({"1": 5}, [("1", 6)])),
    "nothing was sent at all": ({"I6"}, lambda: check.booked_is_what_arrived({}, [])),
    "seats are right": (set(), lambda: check.seats_are_given_once([("v", "a", "1", 30)], 30, {"a": "1"})),
    "a class has two bookings": (
        {"I7"},
        lambda: check.seats_are_given_once([("v", "a", "1", 3), ("v", "a", "2", 3)], 30, {}),
    ),
    "a seat is given twice": (
        {"I7"},
        lambda: check.seats_are_given_once([("v", "a", "1", 16), ("v", "b", "2", 15)], 30, {}),
    ),
    "a booking is lost": ({"I3"}, lambda: check.seats_are_given_once([], 30, {"a": "1"})),
    "dead letters are right": (
        set(),
        lambda: [*check.dead_letters_are_whole([LETTER], [LETTER]), *check.settled(0, 0)],
    ),
    "poison is gone": ({"I8"}, lambda: check.dead_letters_are_whole([LETTER], [])),
    "something good became a dead letter": ({"I8"}, lambda: check.dead_letters_are_whole([], [LETTER])),
    "a dead letter is torn": (
        {"I8"},
        lambda: check.dead_letters_are_whole([LETTER], [(LETTER[0], b"key", b"")]),
    ),
    "a dead letter lost its key": ({"I8"}, lambda: check.dead_letters_are_whole([LETTER], [(LETTER[0], None, b"{")])),
    "something stays parked": ({"I8"}, lambda: check.settled(0, 1)),
    "a dead letter cannot be settled": ({"I8"}, lambda: check.settled(1, 0)),
    "it came to rest": (set(), lambda: check.came_to_rest([])),
    "it never caught up": ({"I9"}, lambda: check.came_to_rest(["funding.intake is 3 behind"])),
    "answers are right": (
        set(),
        lambda: check.answers_were_fit([("POST /x", 200, False), ("POST /x", 409, False), ("POST /x", 503, True)]),
    ),
    "a request hung": ({"I10"}, lambda: check.answers_were_fit([("POST /x", None, False)])),
    "an answer was our fault": ({"I10"}, lambda: check.answers_were_fit([("POST /x", 500, False)])),
    "nobody said when to come back": ({"I10"}, lambda: check.answers_were_fit([("POST /x", 503, False)])),
    "memory is right": (set(), lambda: check.stayed_small("the memory", {"funding": 100}, 100)),
    "memory grew": ({"I10"}, lambda: check.stayed_small("the memory", {"funding": 101}, 100)),
    "retries are right": (set(), lambda: check.retries_get_the_first_answer([("a", 1, 1)])),
    "a retry got another answer": ({"I11"}, lambda: check.retries_get_the_first_answer([("a", 1, 2)])),
}


@pytest.mark.parametrize("case", CASES)
def test_the_checker_names_the_invariant_that_is_broken_and_no_other(case: str) -> None:
    expected, run = CASES[case]
    found = run()
    assert {violation.invariant for violation in found} == expected, [str(each) for each in found]


def test_every_invariant_is_shown_broken_and_every_check_is_shown_what_is_right() -> None:
    assert set().union(*(expected for expected, _ in CASES.values())) == {f"I{number}" for number in range(1, 12)}

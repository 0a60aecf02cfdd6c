"""The invariants, checked after healing: each violation names its invariant and says what was found.

I1 entries balance, and balances are the sum of their postings. I2 nothing is allocated or claimed beyond what there is.
I3 what was acknowledged is in the state, and the outbox's ids are the topic's. I4 an effect exactly once per consumer
and event. I5 order per aggregate. I6 every message ends as exactly one of effect, duplicate, dead letter. I7 nothing is
booked twice. I8 dead letters are whole and can be settled. I9 the lag goes back to nothing without a restart. I10
nothing hangs, what cannot be done now is 503 with Retry-After, memory and tables stay small. I11 a retry gets the first
answer.

All of it is pure: what was found goes in, violations come out. test_invariants.py shows each invariant to it broken.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Invariant = Literal["I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I10", "I11"]
Outcome = Literal["ok", "fail", "unknown"]


@dataclass(frozen=True, slots=True)
class Violation:
    """One invariant that does not hold, and what shows it."""

    invariant: Invariant
    what: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what}"


@dataclass(slots=True)
class History:
    """What clients saw: every command ends as ok, fail (surely without effect) or unknown, and its events."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    def ended(self, outcome: Outcome, event_ids: Iterable[object] = ()) -> None:
        self.outcomes[outcome] += 1
        ids = {str(each) for each in event_ids}
        if outcome == "ok":
            self.acknowledged |= ids
        elif outcome == "fail":
            self.refused |= ids


@dataclass(frozen=True, slots=True)
class Published:
    """One message of a topic."""

    partition: int
    offset: int
    key: str
    event_id: str
    sequence: int


def published_is_what_was_committed(
    history: History, messages: Sequence[Published], versions: Mapping[str, int]
) -> list[Violation]:
    """`versions` is the state: the version that each aggregate has, by its key. I3 and I5."""
    found: list[Violation] = []
    ids = {message.event_id for message in messages}
    if lost := history.acknowledged - ids:
        found.append(Violation("I3", f"{len(lost)} acknowledged events are not in the topic, such as {min(lost)}"))
    if ghosts := history.refused & ids:
        found.append(Violation("I3", f"{len(ghosts)} events of commands that failed are in the topic"))
    first_seen: dict[str, list[int]] = defaultdict(list)
    by_id: dict[str, Published] = {}
    for message in sorted(messages, key=lambda each: (each.partition, each.offset)):
        if message.event_id not in by_id:
            by_id[message.event_id] = message
            first_seen[message.key].append(message.sequence)
    for key, version in versions.items():
        sequences = first_seen.get(key, [])
        if sorted(sequences) != list(range(1, version + 1)):
            missing = sorted(set(range(1, version + 1)) - set(sequences))
            found.append(Violation("I3", f"aggregate {key} is at {version}; the topic lacks its versions {missing}"))
        elif sequences != sorted(sequences):
            found.append(Violation("I5", f"aggregate {key} was published as {sequences}"))
    if strangers := first_seen.keys() - versions.keys():
        found.append(Violation("I3", f"the topic tells of {len(strangers)} aggregates that are not in the state"))
    return found


def published_is_what_was_in_the_outbox(
    written: Sequence[tuple[str, str, int]],
    messages: Sequence[Published],
    later: Sequence[tuple[str, str, int]] = (),
) -> list[Violation]:
    """`written` are (event id, key, version) of every row that was committed to the outbox before the topic was read to
    its end with nothing left on its way; `later` those of which that cannot be said, since a service goes on (it seals,
    it tells its position) while this is looked at. I3 and I5.
    """
    found: list[Violation] = []
    ids, committed = {message.event_id for message in messages}, {event_id for event_id, _, _ in written}
    if lost := committed - ids:
        found.append(Violation("I3", f"{len(lost)} of {len(committed)} facts never reached it, e.g. {min(lost)}"))
    if ghosts := ids - committed - {event_id for event_id, _, _ in later}:
        found.append(Violation("I3", f"{len(ghosts)} events in the topic were never committed, e.g. {min(ghosts)}"))
    heard: dict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for message in sorted(messages, key=lambda each: (each.partition, each.offset)):
        if message.event_id not in seen:
            seen.add(message.event_id)
            heard[message.key].append(message.sequence)
    found += [
        Violation("I5", f"aggregate {key} was published as {sequences}")
        for key, sequences in heard.items()
        if sequences != sorted(sequences)
    ]
    return found


def effects_happened_once(messages: Sequence[Published], effects: Sequence[tuple[str, str, int]]) -> list[Violation]:
    """`effects` are (event id, key, sequence) in the order in which they happened. I4, I5 and I6."""
    found: list[Violation] = []
    counted = Counter(event_id for event_id, _, _ in effects)
    if twice := {event_id: times for event_id, times in counted.items() if times > 1}:
        found.append(Violation("I4", f"{len(twice)} events had their effect more than once, such as {min(twice)}"))
    ids = {message.event_id for message in messages}
    if without := ids - counted.keys():
        found.append(Violation("I6", f"{len(without)} messages ended as nothing, such as {min(without)}"))
    if invented := counted.keys() - ids:
        found.append(Violation("I4", f"{len(invented)} effects have no message"))
    heard: dict[str, list[int]] = defaultdict(list)
    seen: set[str] = set()
    for event_id, key, sequence in effects:
        if event_id not in seen:
            seen.add(event_id)
            heard[key].append(sequence)
    found += [
        Violation("I5", f"aggregate {key} was heard as {sequences}")
        for key, sequences in heard.items()
        if sequences != sorted(sequences)
    ]
    return found


def books_balance(
    entries: Sequence[tuple[str, int, int]],
    balances: Mapping[str, tuple[int, int]],
    sums: Mapping[str, tuple[int, int]],
) -> list[Violation]:
    """I1. `entries` are (id, sum of cents, sum of minutes) of each; `sums` adds the postings of each account up."""
    found: list[Violation] = []
    if off := [entry for entry, cents, minutes in entries if cents or minutes]:
        found.append(Violation("I1", f"{len(off)} entries do not balance, such as {min(off)}"))
    if wrong := {account for account in balances.keys() | sums.keys() if balances.get(account) != sums.get(account)}:
        found.append(Violation("I1", f"{len(wrong)} balances are not the sum of their postings, such as {min(wrong)}"))
    return found


def line_is_not_overdrawn(allocated: int, reserved: int, committed: int, bound: Mapping[str, int]) -> list[Violation]:
    """I2. What a line says in cents, and what its reservations add up to by their state."""
    found: list[Violation] = []
    if (bound.get("reserved", 0), bound.get("confirmed", 0)) != (reserved, committed):
        told = f"{reserved} reserved and {committed} committed"
        found.append(Violation("I2", f"the line says {told}, its reservations add up to {dict(bound)}"))
    if bound.get("reserved", 0) + bound.get("confirmed", 0) > allocated:
        found.append(Violation("I2", f"{dict(bound)} of {allocated} cents"))
    return found


def division_is_the_grant(cents: int, budgets: Mapping[str, int], in_force: Mapping[str, int]) -> list[Violation]:
    """I2. The lines hold the grant to the cent, and what the version in force says."""
    found: list[Violation] = []
    if sum(budgets.values()) != cents:
        found.append(Violation("I2", f"the lines hold {dict(budgets)}, not {cents} cents"))
    if dict(in_force) != dict(budgets):
        found.append(Violation("I2", f"the version in force says {dict(in_force)}, the budgets {dict(budgets)}"))
    return found


def seats_are_given_once(
    bookings: Sequence[tuple[str, str, str, int]], seats: int, told: Mapping[str, str]
) -> list[Violation]:
    """I7 and I3. `bookings` are (activity, class, booking, pupils) as kept; `told` the booking each class was told."""
    found: list[Violation] = []
    if doubled := {name for name, times in Counter(name for _, name, _, _ in bookings).items() if times > 1}:
        found.append(Violation("I7", f"{len(doubled)} classes are signed up twice, such as {min(doubled)}"))
    taken: Counter[str] = Counter()
    for activity, _, _, pupils in bookings:
        taken[activity] += pupils
    found += [
        Violation("I7", f"{count} of {seats} seats of {activity} are taken")
        for activity, count in taken.items()
        if count > seats
    ]
    kept = {name: booking for _, name, booking, _ in bookings}
    if lost := {name for name, booking in told.items() if kept.get(name) != booking}:
        found.append(Violation("I3", f"{len(lost)} classes were told that they are signed up and are not: {min(lost)}"))
    return found


def records_ended_once(places: Iterable[str], receipts: Mapping[str, int]) -> list[Violation]:
    """I6 and I4. `places` are the deliveries in the topic, `receipts` how often each was answered."""
    found: list[Violation] = []
    if silent := {place for place in places if not receipts.get(place)}:
        found.append(Violation("I6", f"{len(silent)} records got no receipt, such as {min(silent)}"))
    if again := {place for place in places if receipts.get(place, 0) > 1}:
        found.append(Violation("I4", f"{len(again)} records were answered more than once, such as {min(again)}"))
    return found


def booked_is_what_arrived(arrived: Mapping[str, int], booked: Sequence[tuple[str, int]]) -> list[Violation]:
    """I4. The minutes of the first delivery of each record id, and those of each contribution."""
    if not arrived:
        return [Violation("I6", "nothing was sent: the workload proves nothing")]
    if sorted(booked) != sorted(arrived.items()):
        return [Violation("I4", f"{len(booked)} contributions for {len(arrived)} records")]
    return []


def retries_get_the_first_answer(answers: Iterable[tuple[str, object, object]]) -> list[Violation]:
    """I11. What was asked for, the first answer, and that to the same request again."""
    return [
        Violation("I11", f"{what} was answered {first}, then {again}")
        for what, first, again in answers
        if first != again
    ]


Letter = tuple[str, bytes | None, bytes | None]
"""Consumer and record of a dead letter, its key and its value."""


def dead_letters_are_whole(expected: Sequence[Letter], found: Sequence[Letter]) -> list[Violation]:
    """I8. Exactly what could not be handled became a dead letter, byte for byte, and nothing else did."""
    violations: list[Violation] = []
    by_name = {name: (key, value) for name, key, value in found}
    wanted = {name: (key, value) for name, key, value in expected}
    if lost := wanted.keys() - by_name.keys():
        violations.append(Violation("I8", f"{len(lost)} messages that cannot be handled are gone, such as {min(lost)}"))
    if strange := by_name.keys() - wanted.keys():
        violations.append(Violation("I8", f"{len(strange)} messages became dead letters, such as {min(strange)}"))
    if torn := {name for name in wanted.keys() & by_name.keys() if wanted[name] != by_name[name]}:
        violations.append(Violation("I8", f"{len(torn)} dead letters are not as they came, such as {min(torn)}"))
    return violations


def settled(left: int, parked: int) -> list[Violation]:
    """I8. After all dead letters were discarded none waits, and what was parked behind them went on."""
    if left or parked:
        return [Violation("I8", f"{left} dead letters and {parked} parked messages are left after all were settled")]
    return []


def came_to_rest(restless: Iterable[str]) -> list[Violation]:
    """I9. What was still on its way after the deadline."""
    return [Violation("I9", each) for each in restless]


def answers_were_fit(statuses: Iterable[tuple[str, int | None, bool]]) -> list[Violation]:
    """I10. What was asked, the status (None: it hung until the deadline), and whether a 503 says when to come back."""
    found: list[Violation] = []
    for what, status, says_when in statuses:
        if status is None:
            found.append(Violation("I10", f"{what} hung"))
        elif status == 503 and not says_when:
            found.append(Violation("I10", f"{what} was refused without a Retry-After"))
        elif status >= 500 and status != 503:
            found.append(Violation("I10", f"{what} was answered {status}, not 503"))
    return found


def stayed_small(what: str, sizes: Mapping[str, int], most: int) -> list[Violation]:
    """I10. Bytes by name, none over the most."""
    return [
        Violation("I10", f"{what} of {name} is {size / 2**20:.0f} MiB; {most / 2**20:.0f} is the most")
        for name, size in sizes.items()
        if size > most
    ]

"""The invariants of the event path, checked after healing: each violation names its invariant and says what was found.

I3 what was acknowledged is in the state, and the outbox's ids are the topic's. I4 an effect exactly once per consumer
and event. I5 order per aggregate. I6 every message ends as exactly one of effect, duplicate, dead letter. I9 the lag
goes back to nothing without a restart. I10 nothing hangs.
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
    written: Sequence[tuple[str, str, int]], messages: Sequence[Published]
) -> list[Violation]:
    """`written` are (event id, key, version) of every committed row of the outbox. I3 and I5."""
    found: list[Violation] = []
    ids, committed = {message.event_id for message in messages}, {event_id for event_id, _, _ in written}
    if lost := committed - ids:
        found.append(Violation("I3", f"{len(lost)} of {len(committed)} facts never reached it, e.g. {min(lost)}"))
    if ghosts := ids - committed:
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

"""A batch judged record by record, each in the light of the ones before it."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.ids import coded_id, consortium_id
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.intake import Record, parse
from services.funding.domain.judging import Held, KnownLine, Refused
from services.funding.domain.scheme import EligibleKinds, Rate, Rule, Supervision
from services.funding.domain.world import Booked, Outcome, Region, StandingUnsure, World

START, END = date(2020, 1, 1), date(2023, 12, 31)
REGION = consortium_id("sto")
ACME = coded_id(REGION, "organisation", "acme")
RULES = (
    Rule("kinds", EligibleKinds(("hours", "material", "pupil-presence", "loan")), START, START, "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), START, START, "the region"),
    Rule("quarter", Supervision(2_500), START, START, "one vendor"),
)


def a_world(rules: tuple[Rule, ...] = RULES) -> World:
    line = KnownLine("robotisering", START, END)
    world = World(Fingerprints(b"key"), {REGION: Region(REGION, date(2023, 6, 1), None, (line,), rules)})
    world.organisations[REGION, "acme"] = ACME
    world.mandates[REGION, "sender", ACME] = (START, None)
    world.standings[REGION, ACME] = [(START, None)]
    return world


def a_record(**changes: Any) -> Record:
    document = {"id": "1", "consortium": "sto", "organisation": "acme", "line": "robotisering", "day": "2023-05-02"}
    found = parse({**document, "kind": "hours", "minutes": 135, "workerRef": "w", **changes})
    assert isinstance(found, Record)
    return found


def decide(world: World, record: Record, sender: str = "sender") -> Outcome:
    outcome = world.decide(record, sender, "intake", coded_id(REGION, "contribution", record.id))
    if isinstance(outcome, Booked):
        world.note_booked(REGION, record, outcome.contribution)
    return outcome


def amounts(**changes: Any) -> dict[str, Any]:
    return {"kind": "cash", "minutes": None, "workerRef": None, "amountCents": 1_000, "basis": "invoice", **changes}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"consortium": "elsewhere"}, "unknown-consortium"),
        ({"organisation": "nobody"}, "unknown-organisation"),
        (amounts(), "kind-not-eligible"),
        ({"kind": "pupil-presence", "pupils": 1, "minutesEach": 1, "minutes": None, "workerRef": None}, "not-positive"),
    ],
)
def test_what_the_region_does_not_know_or_count_is_refused(sent: dict[str, Any], code: str) -> None:
    rules = (*RULES, Rule("rate-presence", Rate("pupil-presence", 5_000), START, START, "the region"))
    outcome = decide(a_world(rules), a_record(**sent))
    assert isinstance(outcome, Refused)
    assert [reason.code for reason in outcome.reasons] == [code]
    assert outcome.reasons[0].nl.endswith(" replaces 1.")


def test_what_the_region_has_yet_to_value_is_held_and_not_refused() -> None:
    presence = a_record(kind="pupil-presence", pupils=5, minutesEach=180, minutes=None, workerRef=None)
    outcome = decide(a_world(), presence)
    assert isinstance(outcome, Held)
    assert outcome.reason.code == "kind-not-eligible"


def test_without_an_answer_of_partners_nothing_is_refused_for_standing() -> None:
    world = a_world()
    world.standings.clear()
    question = (REGION, ACME, date(2023, 5, 2))
    assert world.doubtful(a_record(), "sender") == question
    with pytest.raises(StandingUnsure):
        decide(world, a_record())
    world.answers = {question: False}
    assert isinstance(decide(world, a_record()), Refused)
    world.answers = {question: True}
    assert isinstance(decide(world, a_record()), Booked)


def test_nobody_is_asked_about_what_is_refused_anyway() -> None:
    world = a_world()
    world.standings.clear()
    assert world.doubtful(a_record(organisation="nobody"), "sender") is None
    assert world.doubtful(a_record(), "stranger") is None
    assert world.doubtful(a_record(withdraws="0"), "sender") is None


records = st.builds(
    a_record,
    id=st.uuids().map(str),
    minutes=st.integers(1, 1_000),
    workerRef=st.sampled_from("abc"),
    day=st.sampled_from(["2023-05-01", "2023-05-02", "2024-01-01"]),
    line=st.sampled_from(["robotisering", "robotica"]),
    organisation=st.sampled_from(["acme", "nobody"]),
)


@given(st.lists(records, max_size=25))
def test_every_record_has_one_outcome_and_no_worker_more_than_sixteen_hours(sent: list[Record]) -> None:
    world = a_world()
    outcomes = [(record, decide(world, record)) for record in sent]
    counts = Counter(type(outcome).__name__ for _, outcome in outcomes)
    assert sum(counts.values()) == len(sent)
    worked: Counter[tuple[str | None, date]] = Counter()
    for record, outcome in outcomes:
        if isinstance(outcome, Booked):
            worked[record.worker_ref, record.day] += outcome.contribution.minutes
        elif isinstance(outcome, Refused):
            assert outcome.reasons
    assert all(minutes <= 960 for minutes in worked.values())


BRANCH, UMBRELLA = coded_id(REGION, "organisation", "acme-zuid"), coded_id(REGION, "organisation", "bouw")


def a_world_with_kin() -> World:
    world = a_world()
    for name, organisation in (("acme-zuid", BRANCH), ("bouw", UMBRELLA)):
        world.organisations[REGION, name] = organisation
        for sender in ("sender", "payroll"):
            world.mandates[REGION, sender, organisation] = (START, None)
        world.standings[REGION, organisation] = [(START, None)]
    world.mandates[REGION, "payroll", ACME] = (START, None)
    world.kin.branches = {(REGION, ACME): {BRANCH}, (REGION, BRANCH): {ACME}}
    world.kin.add_member(REGION, ACME, UMBRELLA)
    world.numbers = {(REGION, ACME): "kvk:12345670", (REGION, BRANCH): "kvk:12345670"}
    return world


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"organisation": "acme-zuid"}, "workerRef"),
        ({"organisation": "acme-zuid", "sender": "payroll"}, "line"),
        ({"organisation": "acme-zuid", "sender": "payroll", "workerRef": "v", "minutes": 60}, "line"),
        ({"organisation": "bouw", "workerRef": "v"}, "organisation"),
        ({"organisation": "acme-zuid", "workerRef": "v"}, None),
        ({"organisation": "bouw", "workerRef": "v", "minutes": 60}, None),
        ({"organisation": "acme-zuid", "sender": "payroll", "workerRef": "v", "day": "2023-05-03"}, None),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) and "minutes" not in value else None,
)
def test_hours_are_looked_at_for_an_organisation_with_its_branches_and_umbrella(
    sent: dict[str, Any], field: str | None
) -> None:
    world = a_world_with_kin()
    assert isinstance(decide(world, a_record()), Booked)
    changes = {name: value for name, value in sent.items() if name != "sender"}
    outcome = decide(world, a_record(id="2", **changes), sent.get("sender", "sender"))
    assert (outcome.reason.field if isinstance(outcome, Held) else None) == field


def test_one_worker_has_one_day_whatever_the_branch() -> None:
    world = a_world_with_kin()
    assert isinstance(decide(world, a_record(minutes=600)), Booked)
    outcome = decide(world, a_record(id="2", organisation="acme-zuid", minutes=480))
    assert isinstance(outcome, Refused)
    assert [reason.code for reason in outcome.reasons] == ["implausible-hours"]


def test_a_lesson_of_one_branch_is_met_by_hours_of_another() -> None:
    world = a_world_with_kin()
    world.lesson_days.add((REGION, ACME, date(2023, 5, 2), "robotisering"))
    assert isinstance(decide(world, a_record(organisation="acme-zuid")), Held)
    assert isinstance(decide(world, a_record(id="2", organisation="acme-zuid", activityRef="another")), Booked)

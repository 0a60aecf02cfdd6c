"""Drafts of contributions: what is wrong is told, and no version is declared twice."""

from datetime import UTC, date, datetime
from typing import Any, get_args
from uuid import UUID

import pytest

from runtime.ids import coded_id, consortium_id
from runtime.problems import Stale
from services.funding.domain.draft import (
    Declaration,
    Draft,
    DraftKept,
    DraftOfAnOrganisation,
    NothingDeclared,
    Outcome,
    by_hand,
    incomplete,
)
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.intake import BY_HAND, Record, parse
from services.funding.domain.judging import Held, KnownLine, Refused
from services.funding.domain.scheme import EligibleKinds, Rate, Rule
from services.funding.domain.world import Booked, Region, World
from services.funding.domain.world import Outcome as Decided

AT = datetime(2023, 6, 1, 10, tzinfo=UTC)
START, END = date(2020, 1, 1), date(2023, 12, 31)
REGION = consortium_id("sto")
ACME, BOUW = (coded_id(REGION, "organisation", code) for code in ("acme", "bouw"))
HOURS = {"line": "robotisering", "day": "2023-05-02", "kind": "hours", "minutes": 135, "workerRef": "w"}


def a_draft(content: dict[str, Any] | None = None, **changes: Any) -> Draft:
    made = {"version": 1, **changes}
    return Draft(UUID(int=1), ACME, HOURS if content is None else content, UUID(int=2), AT, **made)


def declared(outcome: Outcome = "booked", state: str | None = None, of_version: int = 1) -> Declaration:
    return Declaration(of_version, UUID(int=3), "draft-1", outcome, UUID(int=2), AT, state or outcome)


def fields(draft: Draft) -> list[str | None]:
    found = draft.read("draft-1", "sto", "acme")
    assert isinstance(found, tuple)
    return [each.field for each in found]


def test_a_complete_draft_is_a_record_of_its_organisation_and_region() -> None:
    found = a_draft({**HOURS, "description": "", "activityRef": None}).read("draft-1", "sto", "acme")
    assert isinstance(found, Record)
    assert found.plain() == {**HOURS, "id": "draft-1", "consortium": "sto", "organisation": "acme", "evidence": []}


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        ({}, ["line", "day", "kind"]),
        ({"line": ""}, ["line", "day", "kind"]),
        ({**HOURS, "minutes": None}, ["minutes"]),
        ({**HOURS, "minutes": "two hours"}, ["minutes"]),
        ({**HOURS, "minutes": 1.5}, ["minutes"]),
        ({**HOURS, "day": "2023-02-30"}, ["day"]),
        ({**HOURS, "rate": 5_000}, ["rate"]),
        ({**HOURS, "evidence": [{"type": "invoice"}]}, ["evidence.0.sha256", "evidence.0.keptAt"]),
    ],
)
def test_what_keeps_a_draft_from_being_a_record_is_told_by_field(content: dict[str, Any], wrong: list[str]) -> None:
    assert fields(a_draft(content)) == wrong


@pytest.mark.parametrize("name", ["id", "consortium", "organisation", "replaces", "withdraws"])
def test_a_draft_does_not_say_whose_it_is_or_what_it_replaces(name: str) -> None:
    assert fields(a_draft({**HOURS, name: "another"})) == [name]


def test_who_declares_what_is_no_record_reads_every_field_and_why() -> None:
    reasons = a_draft({"minutes": "two"}).read("draft-1", "sto", "acme")
    assert isinstance(reasons, tuple)
    problem = incomplete(reasons)
    assert [each.where for each in problem.errors] == ["/record/line", "/record/day", "/record/kind", "/record/minutes"]
    assert reasons[0].en in problem.detail


def test_a_draft_that_is_declared_anew_replaces_its_record_before() -> None:
    found = a_draft(version=2, declaration=declared("held")).read("draft-2", "sto", "acme")
    assert isinstance(found, Record)
    assert found.replaces == "draft-1"


@pytest.mark.parametrize(
    ("declaration", "version", "state", "again"),
    [
        (None, 1, "draft", True),
        (declared("booked"), 1, "declared", False),
        (declared("booked", "replaced"), 1, "declared", False),
        (declared("refused"), 1, "refused", True),
        (declared("refused"), 2, "draft", True),
        (declared("held"), 1, "held", False),
        (declared("held", "refused"), 1, "refused", False),
        (declared("held", "booked"), 1, "declared", False),
        (declared("held"), 2, "draft", True),
        (declared("held", "booked"), 2, "draft", True),
        (declared("booked"), 2, "draft", True),
        (declared("booked", "withdrawn"), 1, "withdrawn", False),
        (declared("held", "withdrawn"), 1, "withdrawn", False),
        (declared("booked", "withdrawn"), 2, "draft", True),
    ],
)
def test_no_version_is_declared_again_that_counts_or_that_a_person_decides_on(
    declaration: Declaration | None, version: int, state: str, again: bool
) -> None:
    found = a_draft(version=version, declaration=declaration)
    assert (found.state, found.to_declare) == (state, again)


def test_a_draft_is_changed_whatever_became_of_it_and_what_says_the_same_changes_nothing() -> None:
    first = a_draft(version=0).save(None)
    assert a_draft().save(first) is first
    second = a_draft({**HOURS, "minutes": 60}).save(first)
    assert (second.version, second.content["minutes"]) == (2, 60)
    for outcome in get_args(Outcome):
        assert a_draft().save(second.declared(declared(outcome, of_version=2))).version == 3


def test_what_was_taken_back_is_declared_anew_and_replaces_nothing() -> None:
    found = a_draft(version=2, declaration=declared("booked", "withdrawn")).read("draft-2", "sto", "acme")
    assert isinstance(found, Record)
    assert found.replaces is None


def test_what_counts_or_waits_is_taken_back_by_one_record_and_nothing_else_is() -> None:
    content = {**HOURS, "line": "elsewhere"}
    found = a_draft(version=3, content=content, declaration=declared("booked"), kept=True).take_back(
        HOURS, "sto", "acme"
    )
    assert (found.id, found.withdraws, found.line) == ("draft-1-back", "draft-1", HOURS["line"])
    for nothing in (a_draft(), a_draft(declaration=declared("refused"))):
        with pytest.raises(NothingDeclared):
            nothing.take_back({}, "sto", "acme")


def test_true_is_not_taken_for_one_when_drafts_are_compared() -> None:
    assert a_draft({"minutes": True}).save(a_draft({"minutes": 1})).version == 2


def test_a_draft_stays_with_its_organisation() -> None:
    other = Draft(UUID(int=1), BOUW, HOURS, UUID(int=2), AT)
    with pytest.raises(DraftOfAnOrganisation):
        other.save(a_draft())


def test_a_draft_is_changed_only_at_the_version_that_was_read() -> None:
    a_draft().check_version(None)
    a_draft().check_version(1)
    with pytest.raises(Stale):
        a_draft(version=2).check_version(1)


@pytest.mark.parametrize("outcome", ["booked", "held"])
def test_what_was_booked_or_waited_for_a_person_is_not_deleted_even_when_refused_since(outcome: Outcome) -> None:
    a_draft().declared(declared("refused")).check_deletable()
    with pytest.raises(DraftKept):
        a_draft().declared(declared(outcome)).declared(declared("refused")).check_deletable()


def a_world() -> World:
    rules = (
        Rule("kinds", EligibleKinds(("hours",)), START, START, "the scheme"),
        Rule("rate-hours", Rate("hours", 5_000), START, START, "the region"),
    )
    line = KnownLine("robotisering", START, END)
    world = World(Fingerprints(b"key"), {REGION: Region(REGION, date(2023, 6, 1), None, (line,), rules)})
    world.organisations[REGION, "acme"] = ACME
    world.standings[REGION, ACME] = [(START, None)]
    return world


def decide(world: World, sender: str, **changes: Any) -> Decided:
    record = parse({"id": "draft-1", "consortium": "sto", "organisation": "acme", **HOURS, **changes})
    assert isinstance(record, Record)
    outcome = world.decide(record, sender, "rest", UUID(int=9), UUID(int=2) if sender == BY_HAND else None)
    if isinstance(outcome, Booked):
        world.note_booked(REGION, record, outcome.contribution)
    return outcome


def test_a_person_needs_no_mandate_for_their_own_organisation_and_is_who_declared() -> None:
    outcome = decide(a_world(), BY_HAND)
    assert isinstance(outcome, Booked)
    assert (outcome.contribution.declared_by, outcome.contribution.sender) == (UUID(int=2), BY_HAND)
    assert isinstance(decide(a_world(), "payroll"), Refused)


def test_hours_by_hand_beside_those_of_a_system_wait_for_a_person() -> None:
    world = a_world()
    world.mandates[REGION, "payroll", ACME] = (START, None)
    assert isinstance(decide(world, "payroll", id="1"), Booked)
    assert isinstance(decide(world, BY_HAND, workerRef="another"), Held)


def test_whoever_wrote_a_draft_is_not_told_to_replace_records() -> None:
    outcome = decide(a_world(), BY_HAND, line="robotica")
    assert isinstance(outcome, Refused)
    assert "replaces" in outcome.reasons[0].nl
    assert outcome.reasons[0].en.endswith("with replaces draft-1.")
    (plain,) = by_hand(outcome.reasons, "draft-1")
    assert "replaces" not in plain.nl + plain.en
    assert (plain.code, plain.suggestion) == ("unknown-line", "robotisering")

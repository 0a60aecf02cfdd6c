"""Batches of contributions that are accepted on a sample: proposed, looked at, and done or stopped."""

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC


class AcceptanceProposed(Fact):
    """Contributions are to be accepted together. The sample is the first `sample` of them by SHA-256 over `seed`, a
    slash and the id; `items_sha256` is over all their ids in order, one a line."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.acceptance-proposed.v1"
    topic: ClassVar[str] = TOPIC

    batch_id: UUID
    code: str
    up_to: date
    organisation_id: UUID | None = None
    line: str | None = None
    seed: str
    rule: str
    contributions: int
    items_sha256: str
    sample: int
    proposed_by: UUID


class AcceptanceJudged(Fact):
    """One of a sample was looked at. `sample` have to be looked at now, `left` of them still; a stopped batch accepts
    nothing."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.acceptance-judged.v1"
    topic: ClassVar[str] = TOPIC

    batch_id: UUID
    contribution_id: UUID
    outcome: Literal["right", "wrong"]
    judged_by: UUID
    state: Literal["open", "stopped", "accepted"]
    sample: int
    left: int


class AcceptanceCompleted(Fact):
    """Nothing of a batch waits any more: its sample was found right, and `accepted` of it were accepted."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.acceptance-completed.v1"
    topic: ClassVar[str] = TOPIC

    batch_id: UUID
    code: str
    contributions: int
    accepted: int
    failures: int


SAMPLES: tuple[Fact, ...] = (
    AcceptanceProposed(
        batch_id=ID[1],
        code="mei-2023",
        up_to=date(2023, 5, 31),
        seed="9f3c" * 8,
        rule="sample-5-95",
        contributions=400,
        items_sha256="5a1e" * 16,
        sample=54,
        proposed_by=ID[2],
    ),
    AcceptanceJudged(
        batch_id=ID[1],
        contribution_id=ID[0],
        outcome="wrong",
        judged_by=ID[2],
        state="stopped",
        sample=54,
        left=12,
    ),
    AcceptanceCompleted(batch_id=ID[1], code="mei-2023", contributions=400, accepted=399, failures=0),
)

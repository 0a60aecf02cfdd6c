"""The facts of a subsidy between its scheme and its determination."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC


class BaseProposed(Fact):
    """A person proposed which reading of the co-financing's base holds. Both stay shown until another agrees."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.base-proposed.v1"
    topic: ClassVar[str] = TOPIC

    decision_id: UUID
    scheme: str
    base: str
    valid_from: date
    proposed_by: UUID


class BaseDecided(Fact):
    """A second person agreed on which reading of the base holds: from `known_from` on there is one reading."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.base-decided.v1"
    topic: ClassVar[str] = TOPIC

    decision_id: UUID
    scheme: str
    rule: str
    base: str
    valid_from: date
    known_from: date
    decided_by: UUID


SAMPLES: tuple[Fact, ...] = (
    BaseProposed(
        decision_id=ID[0],
        scheme="sto-2020-2024",
        base="of-subsidy",
        valid_from=date(2020, 1, 1),
        proposed_by=ID[1],
    ),
    BaseDecided(
        decision_id=ID[0],
        scheme="sto-2020-2024",
        rule="base-1-of-subsidy",
        base="of-subsidy",
        valid_from=date(2020, 1, 1),
        known_from=date(2023, 2, 1),
        decided_by=ID[2],
    ),
)

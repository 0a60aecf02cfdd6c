"""What the facts of funding are made of."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

SOURCE = "urn:speerpunt:funding"
TOPIC = "funding.events"

LineKind = Literal["spearhead", "location", "unallocated"]
ContributionKind = Literal["hours", "material", "loan", "cash", "pupil-presence"]
Origin = Literal["intake", "lesson", "rest"]

ID = tuple(UUID(f"018f0000-0000-7000-8000-{number:012d}") for number in range(9))
"""Ids for the golden samples."""


class Part(BaseModel):
    """A piece of a fact."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True, serialize_by_alias=True
    )

"""What the parts of a report have in common, and what became of records, which both acts tell."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Contributions(Part):
    """What became of what was sent; each record ended as exactly one of these.

    `accepted` were booked, corrections and withdrawals included; a few of them may still wait for a second person.
    """

    published: int
    accepted: int
    held: int
    duplicates: int
    refused: dict[str, int]
    senders: int
    over_rest: int = 0

"""Erasing a person, and holding the name as long as the books need it.

asked --nothing holds it--> erased: the id is left, and nobody behind it
asked --a hold is in force--> held: unreachable at once, the name alone is kept --the last hold ends--> erased
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem

RETENTION_YEARS = 7
"""How long what belongs to the books is kept after the end of its calendar year: article 2:10(3) of the Dutch Civil
Code (BW) and article 52(4) of the General Act on State Taxes (AWR). A subsidy that asks longer is a hold of its own."""

REDACTED = "(erased)"
"""What stands where a party had filled in the name or address of a person who was erased."""


class PersonErased(Problem, kind=Kind.CONFLICT):
    """This person was erased, or is to be as soon as a hold ends, and is not described anew. Somebody else gets a code
    of their own; take this one out of what you load."""


class HeldByRule(Problem, kind=Kind.CONFLICT):
    """Hold '{hold}' is there by rule, for what the person did or signed, until {until}, and nobody ends it before. Hold
    the name for longer under a code of your own."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Until which day a name is kept, that day included, and why. Without `set_by` a rule did."""

    code: str
    until: date
    reason: str
    set_by: UUID | None
    set_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure that was asked for. `name` is what a hold keeps, and empty once it is erased."""

    person_id: UUID
    asked_at: datetime
    asked_by: UUID
    reason: str
    erased_at: datetime | None
    held_until: date | None
    name: str = ""

    @property
    def state(self) -> Literal["held", "erased"]:
        return "held" if self.erased_at is None else "erased"


def kept_until(day: date) -> date:
    """The last day on which what happened on a day belongs to the books that must be kept."""
    return date(min(day.year + RETENTION_YEARS, date.max.year), 12, 31)


def held_until(holds: Iterable[Hold], today: date) -> date | None:
    """The last day of the holds that are in force; None when there is none."""
    return max((hold.until for hold in holds if hold.until >= today), default=None)

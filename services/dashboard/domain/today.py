"""What to do today: everything that waits, in euros, and the three that weigh most."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

Kind = Literal[
    "phone", "accept", "approve-claim", "approve-allocation", "held", "unanswered", "unsigned", "deadline", "unmatched"
]


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody: what is at stake in cents, how many, and by when."""

    kind: Kind
    cents: int = 0
    count: int = 1
    who: str = ""
    by: date | None = None
    page: str = ""

    def weight(self, today: date) -> tuple[bool, int, int, int, str]:
        """Overdue first, then what is at stake, then how soon."""
        days = (self.by - today).days if self.by else 10_000
        return days >= 0, -self.cents, days, -self.count, self.who


def most_at_stake(waiting: Iterable[Waiting], today: date, most: int = 3) -> list[Waiting]:
    """The few that matter most: at most one of a kind comes in while another kind waits, so that no kind hides the
    others."""
    ranked = sorted(waiting, key=lambda each: each.weight(today))
    first: dict[str, Waiting] = {}
    for each in ranked:
        first.setdefault(each.kind, each)
    chosen = list(first.values())
    chosen += [each for each in ranked if each not in chosen]
    return sorted(chosen[:most], key=lambda each: each.weight(today))

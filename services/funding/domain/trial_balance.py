"""A trial balance: what was debited and credited on each account, and per line what its accounts say together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_OF_A_LINE = re.compile(r"^(?:grant|memo)/(line|committed|claimed|paid|declared|verified|accepted|pledged)/([^/]+)$")


@dataclass(frozen=True, slots=True)
class Trial:
    """One account: debits and credits, both 0 or more, in cents and in minutes."""

    account: str
    debit_cents: int
    credit_cents: int
    debit_minutes: int = 0
    credit_minutes: int = 0

    @property
    def cents(self) -> int:
        """The balance: debit positive, credit negative."""
        return self.debit_cents - self.credit_cents

    @property
    def minutes(self) -> int:
        return self.debit_minutes - self.credit_minutes

    @property
    def line(self) -> str | None:
        """The spearhead or location whose account it is."""
        found = _OF_A_LINE.match(self.account)
        return found.group(2) if found else None

    @property
    def part(self) -> str:
        """What it holds of its line: `line` (what is left), `committed`, `claimed`, `paid`, `declared` and so on."""
        found = _OF_A_LINE.match(self.account)
        return found.group(1) if found else ""


def total(trials: Iterable[Trial]) -> Trial:
    """All accounts together. Debits equal credits, or the books are broken."""
    found = tuple(trials)
    return Trial(
        "",
        sum(each.debit_cents for each in found),
        sum(each.credit_cents for each in found),
        sum(each.debit_minutes for each in found),
        sum(each.credit_minutes for each in found),
    )


def by_line(trials: Iterable[Trial]) -> dict[str, dict[str, Trial]]:
    """Per line in order of its code: what each of its accounts holds."""
    lines: dict[str, dict[str, Trial]] = {}
    for each in trials:
        if each.line is not None:
            lines.setdefault(each.line, {})[each.part] = each
    return {line: lines[line] for line in sorted(lines, key=str.encode)}


def balanced(trials: Sequence[Trial]) -> bool:
    """Whether cents and minutes both come to zero."""
    return not total(trials).cents and not total(trials).minutes

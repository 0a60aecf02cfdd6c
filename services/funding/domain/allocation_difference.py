"""What is different between two versions of a division, line by line."""

from dataclasses import dataclass

from services.funding.domain.allocation import Allocation
from services.funding.domain.ledger import UNALLOCATED_LINE
from services.funding.events import LineKind


@dataclass(frozen=True, slots=True)
class Difference:
    """A line that gets more or less, or stands in one version only (then its envelope in the other is empty)."""

    line: str
    kind: LineKind
    before_cents: int
    after_cents: int
    before_envelope: str
    after_envelope: str

    @property
    def change_cents(self) -> int:
        return self.after_cents - self.before_cents


def differences(before: Allocation, after: Allocation) -> tuple[Difference, ...]:
    """The lines that differ in cents or envelope, by code, `unallocated` last. Changes sum to what the grant grew."""
    old, new = ({line.line: line for line in version.lines} for version in (before, after))
    found = [
        Difference(
            code,
            (new.get(code) or old[code]).kind,
            old[code].cents if code in old else 0,
            new[code].cents if code in new else 0,
            old[code].envelope if code in old else "",
            new[code].envelope if code in new else "",
        )
        for code in sorted({*old, *new}, key=lambda code: (code == UNALLOCATED_LINE, code.encode()))
    ]
    return tuple(each for each in found if each.change_cents or each.before_envelope != each.after_envelope)

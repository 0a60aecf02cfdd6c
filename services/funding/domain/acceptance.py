"""Accepting what was verified: by somebody who neither declared nor verified it, by two above the amount of a rule."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from runtime.problems import Kind, Problem
from services.funding.domain.bounds import second_approval_cents
from services.funding.domain.contribution import AwaitsSchool, Contribution, Hands
from services.funding.domain.scheme import Rule


class NotVerified(Problem, kind=Kind.CONFLICT):
    """Only what was verified can be accepted; this contribution is {state}."""


@dataclass(slots=True)
class Approvals:
    """How many must accept what: the scheme's rule `approval`, asked once for each day. Amounts are in cents."""

    rules: tuple[Rule, ...]
    known_at: date
    _above: dict[date, int | None] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Iterable[Rule], known_at: date) -> "Approvals":
        return cls(tuple(rules), known_at)

    def above(self, day: date) -> int | None:
        """Above how many cents two persons accept a contribution of that day; None: one always suffices."""
        if day not in self._above:
            self._above[day] = second_approval_cents(self.rules, day, self.known_at)
        return self._above[day]

    def second_needed(self, found: Contribution) -> bool:
        """Whether it is worth so much that two persons must accept it, and none did yet."""
        above = self.above(found.day)
        return above is not None and found.value_cents > above and found.approved_by is None


def accept(found: Contribution, hands: Hands, approvals: Approvals) -> Contribution:
    """Accepted, or, where two must accept it, approved by the first of them: it stays verified until the second does.

    Raises AwaitsSchool, NotVerified, and SamePerson for who declared or verified it, or accepted it as the first of
    two.
    """
    if found.state == "declared" and found.school_word == "asked":
        raise AwaitsSchool()
    if found.state != "verified":
        raise NotVerified(state=found.state)
    hands.refuse_own(found, "Accepting a contribution", "accept it")
    if approvals.second_needed(found):
        return replace(found, approved_by=hands.person, version=found.version + 1)
    return replace(found, state="accepted", accepted_by=hands.person, version=found.version + 1)

"""A scheme on record: its rules are added and never changed, and who decided what it leaves open."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain.scheme.rules import Rule, about, rule_on
from services.funding.domain.scheme.terms import Base, Cofinancing, DecidedBase, Rate
from services.funding.events import SchemeRuleRecorded
from services.funding.events.subsidy import BaseDecided, BaseProposed


class RuleRewritten(Problem, kind=Kind.CONFLICT):
    """Rule '{rule}' is already on record with other terms, and what was known is not rewritten. Record the new terms
    under another code, known from the day on which they were announced."""


class RuleNeverHolds(Problem, kind=Kind.INVALID):
    """Rule '{rule}' would end before it begins, so it would never hold. Mend validFrom or validUntil."""


class RateWithoutReason(Problem, kind=Kind.INVALID):
    """The scheme advises a rate for {what}; a rate of your own (rule '{rule}') needs a reason. Give one."""


class BaseNotOpen(Problem, kind=Kind.CONFLICT):
    """Scheme '{scheme}' leaves no choice of base on {day} that '{base}' could settle; it was decided by the scheme,
    or this is not one of its readings. See its co-financing rule."""


class BaseAlreadyDecided(Problem, kind=Kind.CONFLICT):
    """This decision was made already. Propose a new one when the region comes to think otherwise."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """A scheme with every rule ever recorded, oldest knowledge first."""

    id: UUID
    code: str
    title: str
    rules: tuple[Rule, ...] = ()
    version: int = 0

    def describe(self, title: str, rules: Iterable[Rule]) -> tuple["Scheme", tuple[SchemeRuleRecorded, ...]]:
        """The scheme with these rules added; a fact for each new one. Rules that it has already are left alone.

        Raises RuleRewritten when a rule of the same code says something else, RuleNeverHolds, and RateWithoutReason for
        a rate of the region's own where the scheme advises one.
        """
        known = {rule.code: rule for rule in self.rules}
        added: list[Rule] = []
        for rule in rules:
            before = known.setdefault(rule.code, rule)
            if before is rule:
                added.append(rule)
            elif before != rule:
                raise RuleRewritten(rule=rule.code)
            if rule.valid_until is not None and rule.valid_until < rule.valid_from:
                raise RuleNeverHolds(rule=rule.code)
        advised = {rule.terms.kind for rule in known.values() if isinstance(rule.terms, Rate) and rule.terms.advice}
        for rule in added:
            own = isinstance(rule.terms, Rate) and not rule.terms.advice
            if own and not rule.reason.strip() and (kind := getattr(rule.terms, "kind", "")) in advised:
                raise RateWithoutReason(what=kind, rule=rule.code)
        facts = tuple(
            SchemeRuleRecorded(
                scheme_id=self.id,
                scheme=self.code,
                rule=rule.code,
                about=rule.about,
                valid_from=rule.valid_from,
                valid_until=rule.valid_until,
                known_from=rule.known_from,
                flagged=rule.flagged,
            )
            for rule in added
        )
        ordered = tuple(sorted((*self.rules, *added), key=lambda rule: (rule.known_from, rule.valid_from, rule.code)))
        return replace(self, title=title, rules=ordered, version=self.version + len(facts)), facts


@dataclass(frozen=True, slots=True)
class BaseDecision:
    """Which reading of a disputed base holds: proposed by one person with reason and source, decided by another."""

    id: UUID
    scheme: str
    base: Base
    valid_from: date
    reason: str
    source: str
    state: Literal["proposed", "decided"]
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None = None
    decided_at: datetime | None = None
    rule: str | None = None
    version: int = 0

    def propose(self, scheme: Scheme, day: date) -> tuple["BaseDecision", tuple[BaseProposed, ...]]:
        """This decision, proposed on a day of the region. Raises BaseNotOpen when the scheme leaves no such choice."""
        self._refuse_unless_open(scheme, day)
        fact = BaseProposed(
            decision_id=self.id,
            scheme=self.scheme,
            base=self.base,
            valid_from=self.valid_from,
            proposed_by=self.proposed_by,
        )
        return replace(self, version=1), (fact,)

    def decide(
        self, scheme: Scheme, by: UUID, at: datetime, day: date
    ) -> tuple["BaseDecision", Rule, tuple[BaseDecided, ...]]:
        """This decision, made, with the rule that it is from this day of the region on: reports as known before keep
        both readings.

        Raises SamePerson, BaseAlreadyDecided and BaseNotOpen.
        """
        if self.state != "proposed":
            raise BaseAlreadyDecided()
        if by == self.proposed_by:
            raise SamePerson(what="A decision on the base", do="decide it")
        self._refuse_unless_open(scheme, day)
        number = 1 + len(about(scheme.rules, DecidedBase))
        rule = Rule(
            f"base-{number}-{self.base}",
            DecidedBase(self.base),
            self.valid_from,
            day,
            self.source,
            reason=self.reason,
        )
        fact = BaseDecided(
            decision_id=self.id,
            scheme=self.scheme,
            rule=rule.code,
            base=self.base,
            valid_from=self.valid_from,
            known_from=rule.known_from,
            decided_by=by,
        )
        decided = replace(self, state="decided", decided_by=by, decided_at=at, rule=rule.code, version=self.version + 1)
        return decided, rule, (fact,)

    def _refuse_unless_open(self, scheme: Scheme, known_at: date) -> None:
        asked = rule_on(about(scheme.rules, Cofinancing), self.valid_from, known_at)
        terms = asked.terms if asked else None
        if not isinstance(terms, Cofinancing) or terms.base is not None or self.base not in terms.readings:
            raise BaseNotOpen(scheme=self.scheme, day=self.valid_from, base=self.base.value)

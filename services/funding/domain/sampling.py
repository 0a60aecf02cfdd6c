"""How much of a batch is looked at before the rest is accepted on that, and in which order.

Attribute sampling without replacement: the sample is the smallest from which, with so many wrong in it, one may
conclude at the confidence of the rule that fewer than the tolerable part of the batch is wrong. At 95% and 5% of a
large batch that is 59 without a failure and 93 with one, as in the tables that auditors use. Exact, in whole numbers.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from math import comb
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain.scheme import WHOLE, Sample
from services.funding.events.acceptances import AcceptanceCompleted, AcceptanceJudged, AcceptanceProposed

SUBJECT = "acceptance"
Outcome = Literal["right", "wrong"]
State = Literal["open", "stopped", "accepted"]


class NotInSample(Problem, kind=Kind.CONFLICT):
    """This contribution is not among those of the batch that have to be looked at. See its sample."""


class JudgedAlready(Problem, kind=Kind.CONFLICT):
    """This contribution was looked at already, and was found {outcome}."""


class NotThereAnyMore(Problem, kind=Kind.CONFLICT):
    """This contribution is {state} since the sample was drawn, so it was not right as it stood. Judge it wrong."""


class SampleUnfinished(Problem, kind=Kind.CONFLICT):
    """{left} contributions of the sample have not been looked at yet. Judge those first, one by one."""


class BatchSettled(Problem, kind=Kind.CONFLICT):
    """This batch is {state}. Propose another one for what still waits."""


class BatchStopped(Problem, kind=Kind.CONFLICT):
    """Too many of the sample of this batch were wrong ({failures}), so nothing of it is accepted on the sample. Find
    out what they have in common, reject or correct what is like them, and propose a new batch; or accept one by one."""


def sample_size(items: int, failures: int, rule: Sample) -> int:
    """How many of `items` to look at when `failures` of them were wrong; all of them when fewer will not do."""
    wrong = -(-items * rule.tolerable_basis_points // WHOLE)
    if failures >= wrong:
        return items

    def suffices(size: int) -> bool:
        seen = sum(comb(wrong, few) * comb(items - wrong, size - few) for few in range(min(failures, size) + 1))
        return seen * WHOLE <= (WHOLE - rule.confidence_basis_points) * comb(items, size)

    low, high = 0, 1
    while high < items and not suffices(high):
        low, high = high + 1, 2 * high
    high = min(high, items)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if suffices(middle) else (middle + 1, high)
    return low


def in_order(seed: str, ids: Iterable[UUID]) -> list[UUID]:
    """The order in which a batch is sampled: by SHA-256 over `<seed>/<id>`, for whoever has the seed to draw again."""
    return sorted(ids, key=lambda each: sha256(f"{seed}/{each}".encode()).digest())


def items_hash(ids: Iterable[UUID]) -> str:
    """SHA-256 over the ids in order, one a line: what a sample was drawn from."""
    return sha256("\n".join(str(each) for each in sorted(ids)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Item:
    """A contribution of a batch at its place in the order; `state` is what it is now, `outcome` what somebody found."""

    contribution_id: UUID
    position: int
    state: str = "verified"
    outcome: Outcome | None = None
    judged_by: UUID | None = None

    @property
    def pending(self) -> bool:
        """Whether somebody still has to look at it. Who accepted it by itself did."""
        return self.outcome is None and self.state != "accepted"


@dataclass(frozen=True, slots=True)
class Choice:
    """Which contributions a batch takes: verified, up to and including a day, and of whom and for what when given."""

    up_to: date
    organisation_id: UUID | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Contributions that are accepted together once their sample is found right.

    `items` are the first in the order of the seed: as many as may ever have to be looked at.
    """

    id: UUID
    code: str
    choice: Choice
    seed: str
    rule_code: str
    rule: Sample
    contributions: int
    items_sha256: str
    proposed_by: UUID
    proposed_at: datetime
    items: tuple[Item, ...] = ()
    state: State = "open"
    failures: int = 0
    accepted: int = 0
    version: int = 1

    @property
    def most_looked_at(self) -> int:
        """How many may ever have to be looked at."""
        return sample_size(self.contributions, self.rule.most_failures, self.rule)

    @property
    def size(self) -> int:
        """How many have to be looked at, as things are: more after a failure that the rule allows for."""
        return sample_size(self.contributions, min(self.failures, self.rule.most_failures), self.rule)

    @property
    def sample(self) -> tuple[Item, ...]:
        """Those that have to be looked at."""
        return self.items[: self.size]

    @property
    def pending(self) -> tuple[UUID, ...]:
        """Those of the sample that nobody looked at yet."""
        return tuple(item.contribution_id for item in self.sample if item.pending)

    def proposed(self) -> AcceptanceProposed:
        """The fact that it was proposed."""
        return AcceptanceProposed(
            batch_id=self.id,
            code=self.code,
            up_to=self.choice.up_to,
            organisation_id=self.choice.organisation_id,
            line=self.choice.line,
            seed=self.seed,
            rule=self.rule_code,
            contributions=self.contributions,
            items_sha256=self.items_sha256,
            sample=self.size,
            proposed_by=self.proposed_by,
        )

    def judge(self, contribution_id: UUID, outcome: Outcome, by: UUID) -> tuple["Batch", AcceptanceJudged]:
        """One of the sample was looked at; one wrong too many stops the batch.

        Raises BatchSettled, NotInSample, JudgedAlready, and NotThereAnyMore for what is called right and is not there.
        """
        if self.state != "open":
            raise BatchSettled(state=self.state)
        found = next((item for item in self.sample if item.contribution_id == contribution_id), None)
        if found is None:
            raise NotInSample()
        if found.outcome is not None:
            raise JudgedAlready(outcome=found.outcome)
        if outcome == "right" and found.state not in ("verified", "accepted"):
            raise NotThereAnyMore(state=found.state)
        judged = replace(found, outcome=outcome, judged_by=by)
        failures = self.failures + (outcome == "wrong")
        after = replace(
            self,
            items=tuple(judged if item is found else item for item in self.items),
            failures=failures,
            state="stopped" if failures > self.rule.most_failures else "open",
            version=self.version + 1,
        )
        fact = AcceptanceJudged(
            batch_id=self.id,
            contribution_id=contribution_id,
            outcome=outcome,
            judged_by=by,
            state=after.state,
            sample=after.size,
            left=len(after.pending),
        )
        return after, fact

    def check_acceptable(self) -> None:
        """Raises BatchStopped, and SampleUnfinished while somebody has to look first."""
        if self.state == "stopped":
            raise BatchStopped(failures=self.failures)
        if self.pending:
            raise SampleUnfinished(left=len(self.pending))

    def took(self, accepted: int, left: int) -> tuple["Batch", tuple[AcceptanceCompleted, ...]]:
        """So many of it were accepted now, and so many still wait for another person; with none left it is done."""
        total = self.accepted + accepted
        after = replace(self, accepted=total, state="open" if left else "accepted", version=self.version + 1)
        if left:
            return after, ()
        done = AcceptanceCompleted(
            batch_id=self.id, code=self.code, contributions=self.contributions, accepted=total, failures=self.failures
        )
        return after, (done,)

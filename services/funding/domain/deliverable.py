"""What a line promises to deliver, and what of it is done. Every change stays on record: a report can look back."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.events.subsidy import DeliverableAchieved, DeliverablePlanned


class LessThanNothing(Problem, kind=Kind.CONFLICT):
    """Of '{deliverable}' {done} {unit} are done; {asked} cannot be taken off. Correct the number."""


class NothingAchieved(Problem, kind=Kind.INVALID):
    """An achievement is a number other than 0; a negative one corrects what was counted too much."""


@dataclass(frozen=True, slots=True)
class Deliverable:
    """So many units by a day, for a line; with or without a grant."""

    id: UUID
    code: str
    line: str
    title: str
    unit: str
    planned: int
    due: date
    grant: str | None = None
    done: int = 0
    version: int = 0

    def state(self, on: date) -> Literal["open", "done", "overdue"]:
        """Done when the planned number is; overdue from the day after its due day."""
        if self.done >= self.planned:
            return "done"
        return "overdue" if on > self.due else "open"

    def plan(self, before: "Deliverable | None") -> tuple["Deliverable", tuple[DeliverablePlanned, ...]]:
        """This plan over what was there before; without a fact when that says the same. What is done stays."""
        if before is not None and replace(before, done=self.done, version=self.version) == self:
            return before, ()
        planned = replace(self, done=before.done if before else 0, version=(before.version if before else 0) + 1)
        fact = DeliverablePlanned(
            deliverable_id=self.id,
            code=self.code,
            line=self.line,
            planned=self.planned,
            unit=self.unit,
            due=self.due,
        )
        return planned, (fact,)

    def achieve(self, number: int, on: date) -> tuple["Deliverable", tuple[DeliverableAchieved, ...]]:
        """So many more are done. Raises NothingAchieved and LessThanNothing."""
        if number == 0:
            raise NothingAchieved()
        if self.done + number < 0:
            raise LessThanNothing(deliverable=self.code, done=self.done, unit=self.unit, asked=-number)
        achieved = replace(self, done=self.done + number, version=self.version + 1)
        fact = DeliverableAchieved(
            deliverable_id=self.id,
            code=self.code,
            line=self.line,
            number=number,
            done=achieved.done,
            planned=self.planned,
            on=on,
        )
        return achieved, (fact,)

"""The region: its file, and the whole of what its folder says."""

from datetime import date
from pathlib import Path

from cli.region.model.activities import Import, Lesson, LessonRequest, Offer
from cli.region.model.funding import Allocation, Form, Grant, Pledge, Sender, Statement, Supplement
from cli.region.model.items import Code, Part
from cli.region.model.later import Later
from cli.region.model.partners import (
    Agreement,
    Consortium,
    Membership,
    Milestone,
    Organisation,
    Person,
    Programme,
    UmbrellaMandate,
    WorkingGroup,
)


class RegionFile(Part):
    """region.yaml: the region without its companies, planning, pledges, activities and records."""

    code: Code
    report_on: date
    consortium: Consortium
    programme: Programme
    organisations: tuple[Organisation, ...]
    persons: tuple[Person, ...]
    memberships: tuple[Membership, ...] = ()
    umbrella_mandates: tuple[UmbrellaMandate, ...] = ()
    working_groups: tuple[WorkingGroup, ...] = ()
    agreement: Agreement | None = None
    form: Form | None = None
    grant: Grant | None = None
    allocation: Allocation | None = None
    what_if: Allocation | None = None
    senders: tuple[Sender, ...] = ()


class Region(Part):
    """All that one region folder says, its spreadsheets included. A consortium may have no money: then no grant.

    `records` has, per sender, the values of its messages: exactly the bytes of each line, the unreadable ones too.
    """

    folder: Path
    code: Code
    report_on: date
    consortium: Consortium
    programme: Programme
    organisations: tuple[Organisation, ...]
    persons: tuple[Person, ...]
    memberships: tuple[Membership, ...]
    umbrella_mandates: tuple[UmbrellaMandate, ...]
    working_groups: tuple[WorkingGroup, ...]
    agreement: Agreement | None
    grant: Grant | None
    allocation: Allocation | None
    what_if: Allocation | None
    statements: tuple[Statement, ...]
    pledges: tuple[Pledge, ...]
    senders: tuple[Sender, ...]
    milestones: tuple[Milestone, ...]
    offers: tuple[Offer, ...]
    requests: tuple[LessonRequest, ...]
    lessons: tuple[Lesson, ...]
    imports: tuple[Import, ...]
    records: dict[str, tuple[bytes, ...]]
    later: Later | None = None

    @property
    def request(self) -> LessonRequest:
        """The first request: the lesson that is followed from beginning to end."""
        return self.requests[0]

    @property
    def companies(self) -> tuple[Organisation, ...]:
        return tuple(each for each in self.organisations if each.kind == "company")

    def organisation(self, code: str) -> Organisation:
        """The organisation with this code. Raises KeyError."""
        return {each.code: each for each in self.organisations}[code]

    def person(self, code: str) -> Person:
        """The person with this code. Raises KeyError."""
        return {each.code: each for each in self.persons}[code]

    def offer(self, code: str) -> Offer:
        """The offer with this code. Raises KeyError."""
        return {each.code: each for each in self.offers}[code]

    def asked_by(self, lesson: Lesson) -> LessonRequest:
        """The request that a lesson answers. Raises KeyError."""
        return {each.code: each for each in self.requests}[lesson.request]

    @property
    def supplements(self) -> tuple[Supplement, ...]:
        """What was added to the grant by the day of the report, oldest first."""
        return self.supplements_until(self.report_on)

    def supplements_until(self, day: date) -> tuple[Supplement, ...]:
        """What was added to the grant by a day, oldest first."""
        every = self.grant.supplements if self.grant else ()
        given = (each for each in every if each.awarded_on <= day)
        return tuple(sorted(given, key=lambda each: each.awarded_on))

    @property
    def grant_cents(self) -> int:
        """What the grant comes to on the day of the report; 0 without one."""
        return (self.grant.cents if self.grant else 0) + sum(each.cents for each in self.supplements)

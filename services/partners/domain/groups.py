"""Working groups: which spearheads they carry, who is in them, and which kinds of partner they lack."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from runtime.problems import Kind, Problem
from services.partners.domain.organisations import OrganisationKind
from services.partners.domain.periods import Period
from services.partners.events import GroupMember, WorkingGroupFormed, WorkingGroupJoined


class SpearheadUnknown(Problem, kind=Kind.INVALID):
    """No programme of this region has a spearhead with the code {code}. Plan it first, or mend the code."""


class MemberTwice(Problem, kind=Kind.INVALID):
    """An organisation is named as a member twice. Name it once, from its first day to its last."""


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation in a group on some days."""

    organisation_id: UUID
    period: Period


@dataclass(frozen=True, slots=True)
class WorkingGroup:
    """Organisations that carry one or more spearheads; a spearhead may be carried by several groups.

    Raises MemberTwice.
    """

    id: UUID
    code: str
    title: str
    spearheads: tuple[str, ...]
    chair_id: UUID | None
    members: tuple[Member, ...]
    version: int = 0

    def __post_init__(self) -> None:
        if len({each.organisation_id for each in self.members}) < len(self.members):
            raise MemberTwice()

    def check_spearheads(self, planned: Collection[str]) -> None:
        """Raises SpearheadUnknown for the first that no programme has."""
        for code in self.spearheads:
            if code not in planned:
                raise SpearheadUnknown(code=code)

    def put(self, before: "WorkingGroup | None") -> tuple[WorkingGroupFormed | WorkingGroupJoined, ...]:
        """The facts of putting this in the place of what was: the group as it is, and each member that is new."""
        known = {each.organisation_id for each in before.members} if before else set()
        return (
            WorkingGroupFormed(
                working_group_id=self.id,
                code=self.code,
                title=self.title,
                spearheads=self.spearheads,
                chair_organisation_id=self.chair_id,
                members=tuple(
                    GroupMember(
                        organisation_id=each.organisation_id, first_day=each.period.first, last_day=each.period.last
                    )
                    for each in self.members
                ),
            ),
            *(
                WorkingGroupJoined(
                    working_group_id=self.id,
                    code=self.code,
                    organisation_id=each.organisation_id,
                    first_day=each.period.first,
                    last_day=each.period.last,
                )
                for each in self.members
                if each.organisation_id not in known
            ),
        )

    def present_on(self, day: date) -> frozenset[UUID]:
        """Who is in the group on a day, the chair included."""
        found = {each.organisation_id for each in self.members if each.period.covers(day)}
        return frozenset(found | {self.chair_id} if self.chair_id else found)


@dataclass(frozen=True, slots=True)
class Representation:
    """How many of each kind of partner a group has, and which kinds the region has and the group lacks."""

    present: tuple[tuple[OrganisationKind, int], ...]
    missing: tuple[OrganisationKind, ...]


def representation(present: Collection[OrganisationKind], partners: Collection[OrganisationKind]) -> Representation:
    """Of the kinds of the organisations in a group (one each), against the kinds of all partners."""
    counted = Counter(present)
    return Representation(
        tuple((kind, counted[kind]) for kind in OrganisationKind if counted[kind]),
        tuple(kind for kind in OrganisationKind if kind in partners and not counted[kind]),
    )

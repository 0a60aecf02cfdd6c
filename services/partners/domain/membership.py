"""Who takes part, since when and until when; and who signs for whom."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from runtime.problems import Kind, Problem
from services.partners.domain.periods import Period
from services.partners.events import (
    MembershipEnded,
    MembershipStarted,
    UmbrellaMandateGiven,
    UmbrellaMandateWithdrawn,
)


class OtherOrganisation(Problem, kind=Kind.CONFLICT):
    """This {what} is of another organisation, and stays so. Give it its last day, and put the new one under a code of
    its own."""


class OwnUmbrella(Problem, kind=Kind.INVALID):
    """An organisation cannot be its own umbrella. Name two organisations."""


class MembershipRole(StrEnum):
    """As what an organisation takes part."""

    APPLICANT = "applicant"
    LEAD_PARTNER = "lead-partner"
    FOUNDING_PARTNER = "founding-partner"
    PARTNER = "partner"
    SUPPORTER = "supporter"


@dataclass(frozen=True, slots=True)
class Membership:
    """An organisation takes part in some role on some days."""

    id: UUID
    code: str
    organisation_id: UUID
    role: MembershipRole
    period: Period
    version: int = 0

    def put(self, before: "Membership | None") -> MembershipStarted | MembershipEnded:
        """The fact of putting this in the place of what was. Raises OtherOrganisation."""
        if before is not None and before.organisation_id != self.organisation_id:
            raise OtherOrganisation(what="membership")
        if before is not None and self.period.last is not None and self.period.last != before.period.last:
            return MembershipEnded(
                membership_id=self.id,
                code=self.code,
                organisation_id=self.organisation_id,
                role=self.role,
                first_day=self.period.first,
                last_day=self.period.last,
            )
        return MembershipStarted(
            membership_id=self.id,
            code=self.code,
            organisation_id=self.organisation_id,
            role=self.role,
            first_day=self.period.first,
            last_day=self.period.last,
        )


@dataclass(frozen=True, slots=True)
class UmbrellaMandate:
    """An umbrella organisation signs for a member. Raises OwnUmbrella."""

    id: UUID
    code: str
    umbrella_id: UUID
    member_id: UUID
    period: Period
    version: int = 0

    def __post_init__(self) -> None:
        if self.umbrella_id == self.member_id:
            raise OwnUmbrella()

    def put(self, before: "UmbrellaMandate | None") -> UmbrellaMandateGiven | UmbrellaMandateWithdrawn:
        """The fact of putting this in the place of what was. Raises OtherOrganisation."""
        if before is not None and (before.umbrella_id, before.member_id) != (self.umbrella_id, self.member_id):
            raise OtherOrganisation(what="mandate")
        if before is not None and self.period.last is not None and self.period.last != before.period.last:
            return UmbrellaMandateWithdrawn(
                mandate_id=self.id,
                code=self.code,
                umbrella_id=self.umbrella_id,
                member_id=self.member_id,
                first_day=self.period.first,
                last_day=self.period.last,
            )
        return UmbrellaMandateGiven(
            mandate_id=self.id,
            code=self.code,
            umbrella_id=self.umbrella_id,
            member_id=self.member_id,
            first_day=self.period.first,
            last_day=self.period.last,
        )

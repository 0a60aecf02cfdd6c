"""The sign-off of a progress report: a second person, in a second role, says of one hash that it stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from runtime.problems import Kind, Problem, SamePerson
from services.funding.domain.progress import Report
from services.funding.events.reporting import ProgressReportSignedOff


class OtherHash(Problem, kind=Kind.CONFLICT):
    """The hash you sign is not that of report '{report}'. Read the report again, and sign the hash it has."""


class SignedOffAlready(Problem, kind=Kind.CONFLICT):
    """You signed report '{report}' off already. Once is enough; another person may sign beside you."""


@dataclass(frozen=True, slots=True)
class SignOff:
    """Who signed which hash, in which role and when; `position` counts from 1."""

    report_id: UUID
    report: str
    position: int
    role: str
    signed_by: UUID
    signed_at: datetime
    sha256: str
    note: str


def sign_off(
    report: Report, before: Sequence[SignOff], role: str, sha256: str, note: str, by: UUID, at: datetime
) -> tuple[SignOff, ProgressReportSignedOff]:
    """The next sign-off of a report. Raises SamePerson for its maker, SignedOffAlready, and OtherHash."""
    if by == report.made_by:
        raise SamePerson(what="The sign-off of a report", do="sign it")
    if any(each.signed_by == by for each in before):
        raise SignedOffAlready(report=report.code)
    if sha256 != report.sha256:
        raise OtherHash(report=report.code)
    made = SignOff(report.id, report.code, len(before) + 1, role, by, at, sha256, note)
    fact = ProgressReportSignedOff(
        report_id=report.id, code=report.code, sha256=sha256, role=role, signed_by=by, position=made.position
    )
    return made, fact

"""The facts of reporting: who signed what, and which dates lie ahead."""

from typing import ClassVar
from uuid import UUID

from runtime.event import Fact
from services.funding.events.parts import ID, TOPIC


class ProgressReportSignedOff(Fact):
    """A second person, in a second role, signed a progress report off: the hash says which content."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.progress-report-signed-off.v1"
    topic: ClassVar[str] = TOPIC

    report_id: UUID
    code: str
    sha256: str
    role: str
    signed_by: UUID
    position: int


SAMPLES: tuple[Fact, ...] = (
    ProgressReportSignedOff(
        report_id=ID[0],
        code="voortgang-2",
        sha256="5ea1" * 16,
        role="controller",
        signed_by=ID[2],
        position=1,
    ),
)

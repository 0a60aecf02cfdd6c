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


class ExportCompleted(Fact):
    """All of a file was handed out: its SHA-256, and the seal of the books that it rests on, when it rests on one."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.export-completed.v1"
    topic: ClassVar[str] = TOPIC

    export_id: UUID
    kind: str
    subject: str
    rows: int
    bytes: int
    sha256: str
    seal_count: int | None = None
    seal_head: str | None = None


SAMPLES: tuple[Fact, ...] = (
    ProgressReportSignedOff(
        report_id=ID[0],
        code="voortgang-2",
        sha256="5ea1" * 16,
        role="controller",
        signed_by=ID[2],
        position=1,
    ),
    ExportCompleted(
        export_id=ID[0],
        kind="contributions",
        subject="2020-01-01 - 2020-12-31",
        rows=1402,
        bytes=184_320,
        sha256="5ea1" * 16,
        seal_count=3886,
        seal_head="9f3c" * 16,
    ),
)

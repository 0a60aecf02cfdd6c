"""The facts of reporting: who signed what, and which dates lie ahead."""

from datetime import date
from typing import Any, ClassVar, Literal
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


class _ReportingDate(Fact):
    """A date in the reporting calendar, whole: `tells` who is reminded, so many days before the day."""

    topic: ClassVar[str] = TOPIC

    reporting_date_id: UUID
    code: str
    title: str
    origin: Literal["scheme", "series", "office"]
    day: date
    from_: date | None = None
    until: date | None = None
    grant_id: UUID | None = None
    tells: tuple[Literal["office", "lead-partner"], ...]
    remind_days_before: tuple[int, ...]


class ReportingDatePlanned(_ReportingDate):
    """Something is to be handed in by a day; `from` and `until` are the days it is about. Again when changed."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.reporting-date-planned.v1"


class ReportingDateMoved(_ReportingDate):
    """It is another day: by a rule of the scheme that became known, or as a person decided."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.reporting-date-moved.v1"

    from_day: date
    reason: str


class ReportingDateCancelled(_ReportingDate):
    """Nothing has to be handed in after all."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.reporting-date-cancelled.v1"

    reason: str


class ReportingDateCompleted(_ReportingDate):
    """It was handed in."""

    fact_type: ClassVar[str] = "nl.speerpunt.funding.reporting-date-completed.v1"

    completed_on: date
    report_id: UUID | None = None


_DATE: dict[str, Any] = {
    "reporting_date_id": ID[3],
    "code": "sto-2020-progress-report-2",
    "title": "progress-report-2 (sto-2020)",
    "origin": "scheme",
    "day": date(2023, 10, 1),
    "from_": date(2021, 7, 1),
    "until": date(2023, 7, 31),
    "grant_id": ID[1],
    "tells": ("lead-partner", "office"),
    "remind_days_before": (90, 30, 7),
}

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
    ReportingDatePlanned(**_DATE),
    ReportingDateMoved(**_DATE, from_day=date(2023, 7, 1), reason="announced on 16 May 2023"),
    ReportingDateCancelled(**_DATE, reason="the grant was determined"),
    ReportingDateCompleted(**_DATE, completed_on=date(2023, 9, 28), report_id=ID[0]),
)

"""Progress reports over HTTP: looked at as known on any day, frozen once, made again to compare."""

import json
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText
from services.funding.commands import progress as commands
from services.funding.domain.progress import Report
from services.funding.domain.scheme import Base
from services.funding.store import progress as store

router = APIRouter(prefix="/v1", tags=["progress reports"])
Reader = Annotated[Call, may(*READERS, scope=READ)]
First = Annotated[date, Field(alias="from")]


class SealPart(ApiModel):
    """The seal of the books that the report was made from; its moment as the seal has it, with six decimals."""

    batch: int
    count: int
    head: str
    sealed_at: str


class SchemePart(ApiModel):
    """The rules that held, of those on record at this version of the scheme."""

    code: str
    version: int
    rules: tuple[str, ...]


class GrantPart(ApiModel):
    code: str
    awarded_cents: int
    cents: int
    from_: First
    until: date
    supplements: tuple[str, ...]
    received_cents: int


class RequiredPart(ApiModel):
    base: Base
    required_cents: int
    shortfall_cents: int


class CofinancingPart(ApiModel):
    """What came in, as valued and booked; more than one reading while the base is undecided."""

    realised_cents: int
    realised_minutes: int
    declared_cents: int
    declared_minutes: int
    basis_points: int
    readings: tuple[RequiredPart, ...]


class LinePart(ApiModel):
    """A line: its budget, and what came in for it since the grant began and since the report's first day."""

    line: str
    allocated_cents: int
    committed_cents: int
    realised_cents: int
    realised_minutes: int
    realised_in_period_cents: int
    realised_in_period_minutes: int
    declared_cents: int
    declared_minutes: int


class YearPart(ApiModel):
    year: int
    realised_cents: int
    realised_minutes: int


class DeliverablePart(ApiModel):
    code: str
    line: str
    title: str
    unit: str
    planned: int
    done: int
    due: date
    version: int


class ProgressContent(ApiModel):
    """Where a grant stands. Its hash is SHA-256 over the canonical form of this JSON (services/funding/README.md)."""

    form: str
    consortium: UUID
    from_: First
    until: date
    known_on: date
    seal: SealPart
    scheme: SchemePart
    grant: GrantPart
    cofinancing: CofinancingPart
    lines: tuple[LinePart, ...]
    years: tuple[YearPart, ...]
    deliverables: tuple[DeliverablePart, ...]


class ReportBody(ApiModel):
    """Which grant and days, and (today when left out) the day whose knowledge decides."""

    grant: CodeText
    from_: First
    until: date
    known_on: date | None = None


class ReportView(ApiModel):
    """A report as it was made: it never changes."""

    code: str
    grant: str
    from_: First
    until: date
    known_on: date
    seal_batch: int
    sha256: str
    made_by: UUID
    made_at: datetime
    content: ProgressContent

    @classmethod
    def of(cls, found: Report) -> "ReportView":
        return cls(
            code=found.code,
            grant=found.grant,
            from_=found.scope.first,
            until=found.scope.last,
            known_on=found.scope.known_on,
            seal_batch=found.batch,
            sha256=found.sha256,
            made_by=found.made_by,
            made_at=found.made_at,
            content=ProgressContent.model_validate_json(found.text),
        )


class ReproductionView(ApiModel):
    """A report made again: `differences` name the places where it would read otherwise now, and should be none."""

    code: str
    sha256: str
    reproduced_sha256: str
    same: bool
    differences: tuple[str, ...]


@router.get("/grants/{code}/progress")
async def get_progress(
    code: Code,
    call: Reader,
    first: Annotated[date, Query(alias="from")],
    until: date,
    known_on: Annotated[date | None, Query(alias="knownOn", description="Only what was known on this day")] = None,
) -> ProgressContent:
    """Where a grant stands, as the books sealed by the end of a day and the rules known then have it. Keeps nothing."""
    found = await call.read(lambda tx: commands.look(tx, code, first, until, known_on, at=call.at))
    return ProgressContent.model_validate_json(json.dumps(found))


@router.get("/progress-reports")
async def list_reports(call: Reader, grant: Annotated[str | None, Query(max_length=80)] = None) -> list[ReportView]:
    """Progress reports in order of their days."""
    return [ReportView.of(found) for found in await call.read(lambda tx: store.reports(tx, grant))]


@router.get("/progress-reports/{code}")
async def get_report(code: Code, call: Reader) -> ReportView:
    """One report as it was made."""
    found = await call.read(lambda tx: store.reports(tx, code=code))
    if not found:
        raise NotFound(what="progress report with this code")
    return ReportView.of(found[0])


@router.put("/progress-reports/{code}", response_model=ReportView)
async def put_report(code: Code, body: ReportBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Makes a report and freezes it. Again about the same changes nothing, whatever was booked since."""
    by = await call.person()

    async def command(tx: Tx) -> Upserted[Report]:
        return Upserted(
            *await commands.put_report(tx, code, body.grant, body.from_, body.until, body.known_on, by=by, at=call.at)
        )

    return await call.run(command, lambda done: ReportView.of(done.thing), when_closed=True)


@router.get("/progress-reports/{code}/reproduction")
async def reproduce_report(code: Code, call: Reader) -> ReproductionView:
    """Makes a report again from the books up to its seal and all else as it was then, and compares."""
    found = await call.read(lambda tx: commands.reproduce(tx, code))
    return ReproductionView(
        code=code,
        sha256=found.report.sha256,
        reproduced_sha256=found.sha256,
        same=not found.differences and found.sha256 == found.report.sha256,
        differences=tuple(found.differences),
    )

"""Sets of weights over HTTP: a file goes in as published, and every row comes out with what it counts for, and why."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from pydantic import StringConstraints
from starlette.responses import JSONResponse, Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem
from services.funding.api.asking import programme_with
from services.funding.api.speaking import READ, READERS, WRITE, Code
from services.funding.commands import weights as commands
from services.funding.domain.exam_file import TRACKS, Asked
from services.funding.domain.weights import LineWeight, Missing, Row, WeightSet, Why
from services.funding.store import weights as store

router = APIRouter(prefix="/v1", tags=["allocations"])

Track = Literal["LWT", "B", "K", "G", "T"]
NamedBranch = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}:[0-9]{2}[A-Za-z]{2}[0-9]{2}$")
]


class CsvOnly(Problem, kind=Kind.UNSUPPORTED):
    """Send the file as text/csv, with its bytes as the body."""


class RowView(ApiModel):
    """A row of the file: what it says (`told`), what that counts for, and why. The row of the columns is row 1."""

    number: int
    about: str
    told: str
    counts: int
    why: Why

    @classmethod
    def of(cls, row: Row) -> "RowView":
        return cls(number=row.number, about=row.about, told=row.told, counts=row.counts, why=row.why)


class LineWeightView(ApiModel):
    """What a line weighs: the sum of its rows. `named` is what the file calls that branch; `missing` why it has
    none."""

    line: str
    branch: str
    named: str
    weight: int
    masked_rows: int
    missing: Missing | None
    rows: tuple[RowView, ...]

    @classmethod
    def of(cls, found: LineWeight) -> "LineWeightView":
        return cls(
            line=found.line,
            branch=found.branch,
            named=found.named,
            weight=found.weight,
            masked_rows=found.masked,
            missing=found.missing,
            rows=tuple(RowView.of(row) for row in found.rows),
        )


class WeightSetView(ApiModel):
    """Weights out of a file, by `rule`. `strays` are rows that look like ours and were not used; `rowsElsewhere` counts
    those of schools that are none of the region's."""

    id: UUID
    code: str
    source: Literal["duo-vmbo-exams", "lines"]
    rule: str
    sha256: str
    rows: int
    rows_elsewhere: int
    lines: tuple[LineWeightView, ...]
    strays: tuple[RowView, ...]
    branches: dict[str, str]
    imported_by: UUID
    imported_at: datetime

    @classmethod
    def of(cls, made: WeightSet) -> "WeightSetView":
        counted = made.counted
        return cls(
            id=made.id,
            code=made.code,
            source=counted.source,
            rule=counted.rule,
            sha256=made.sha256,
            rows=counted.rows,
            rows_elsewhere=counted.elsewhere,
            lines=tuple(LineWeightView.of(line) for line in counted.lines),
            strays=tuple(RowView.of(row) for row in counted.strays),
            branches=dict(made.branches),
            imported_by=made.imported_by,
            imported_at=made.imported_at,
        )


_FILE = {"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}}


@router.put("/weight-sets/{code}", response_model=WeightSetView, openapi_extra=_FILE)
async def put_weight_set(
    code: Code,
    request: Request,
    call: Annotated[Call, may("office", scope=WRITE)],
    school_year: Annotated[
        str, Query(alias="schoolYear", pattern=r"^(20\d\d-20\d\d)?$", description="Of an exam file, as 2019-2020")
    ] = "",
    subject: Annotated[
        Literal["techniek", "economie", "zorg en welzijn", "landbouw"], Query(description="Of an exam file")
    ] = "techniek",
    track: Annotated[
        list[Track] | None, Query(max_length=5, description="Tracks that count of an exam file: LWT, B, K and G")
    ] = None,
    masked_as: Annotated[
        int, Query(alias="maskedAs", ge=0, le=4, description="What a masked '<5' of an exam file counts as")
    ] = 2,
    branch: Annotated[
        list[NamedBranch] | None,
        Query(description="line:code, where the programme names no branch or another", max_length=500),
    ] = None,
    dry_run: Annotated[bool, Query(alias="dryRun", description="Count, and keep nothing")] = False,
) -> Response:
    """Counts weights out of DUO's file of vmbo exam candidates as published, or a sheet with columns line and weight.

    A location is found in the exam file by the branch code that its programme names, or that its organisation is
    registered under (BRIN). A set is never changed: the same file again changes nothing, another needs another code.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/csv":
        raise CsvOnly()
    by, body = await call.person(), await request.body()
    named = {line: code_.upper() for line, _, code_ in (each.partition(":") for each in branch or ())}
    programme = await programme_with(call, named)
    asked = Asked(school_year, subject, tuple(dict.fromkeys(track or TRACKS)), masked_as)

    async def count(tx: Tx) -> WeightSet:
        return await commands.count(tx, code, body, asked, named, programme, by=by, at=call.at)

    if dry_run:
        return JSONResponse(WeightSetView.of(await call.read(count)).model_dump(mode="json"))

    async def command(tx: Tx) -> Upserted[WeightSet]:
        return Upserted(*await commands.put(tx, await count(tx)))

    return await call.run(
        command, lambda done: WeightSetView.of(done.thing), location=lambda done: f"/v1/weight-sets/{done.thing.code}"
    )


@router.get("/weight-sets")
async def list_weight_sets(call: Annotated[Call, may(*READERS, scope=READ)]) -> list[WeightSetView]:
    """The region's sets of weights, the latest first."""
    return [WeightSetView.of(each) for each in await call.read(store.sets)]


@router.get("/weight-sets/{code}")
async def get_weight_set(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> WeightSetView:
    """One set of weights, with every row."""
    found = await call.read(lambda tx: store.sets(tx, [code]))
    if not found:
        raise NotFound(what="set of weights with this code")
    return WeightSetView.of(found[0])

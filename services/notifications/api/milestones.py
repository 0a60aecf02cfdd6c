"""The planning over HTTP."""

from datetime import date, time
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import AfterValidator, Field, PlainSerializer
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Others, Page, PageQuery, Upserted, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.notifications.commands import planning
from services.notifications.domain.milestones import Milestone, MilestoneKind, Said
from services.notifications.store import milestones

READ, WRITE = "notifications:read", "notifications:write"
READERS = ("office", "controller", "school", "company", "accountant", "operator", "service")

router = APIRouter(prefix="/v1")
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$", description="Code, unique in the region")]
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Text = Annotated[str, Field(min_length=1, max_length=2_000, pattern=r"^[^\x00-\x09\x0b-\x1f]*$")]


def _local(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError("a local time has no zone: write it as 14:30")
    return value.replace(second=0, microsecond=0)


LocalTime = Annotated[
    time, AfterValidator(_local), PlainSerializer(lambda each: each.strftime("%H:%M"), return_type=str)
]


class MilestoneBody(ApiModel):
    """A milestone, as it is put. Times are local: `14:30`. `audience` is `everyone`, `parties`, `members`, `office`,
    `companies`, `schools`, or `organisation:`, `person:`, `group:` or `agreement:` with a code or an id.

    That it is planned, moved or cancelled is told unless it is past. `announce` true tells it all the same, and again
    to whom it was not told before; false tells nobody. Reminders that would be overdue are not given.
    """

    title: Line
    kind: MilestoneKind
    day: date
    starts_at: LocalTime | None = None
    ends_at: LocalTime | None = None
    place: Line | None = None
    audience: Annotated[str, Field(max_length=120)]
    remind_days_before: Annotated[list[int], Field(default_factory=list)]
    text: Text | None = None
    cancelled: bool = False
    reason: Line | None = None
    announce: bool | None = None

    def milestone(self, consortium_id: UUID, code: str) -> Milestone:
        return Milestone(
            id=ids.coded_id(consortium_id, "milestone", code),
            code=code,
            title=self.title,
            kind=self.kind,
            day=self.day,
            audience=_audience(consortium_id, self.audience),
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            place=self.place,
            text=self.text,
            remind_days_before=tuple(self.remind_days_before),
            cancelled=self.cancelled,
            reason=self.reason,
        )


class MilestoneView(ApiModel):
    """A milestone. `said` is what was last to be told of it, `fromDay` the day before it was moved."""

    id: UUID
    code: str
    title: str
    kind: MilestoneKind
    day: date
    starts_at: LocalTime | None
    ends_at: LocalTime | None
    place: str | None
    audience: str
    remind_days_before: list[int]
    text: str | None
    cancelled: bool
    reason: str | None
    from_day: date | None
    said: Said
    version: int

    @classmethod
    def of(cls, each: Milestone) -> "MilestoneView":
        return cls(
            id=each.id,
            code=each.code,
            title=each.title,
            kind=each.kind,
            day=each.day,
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            place=each.place,
            audience=each.audience,
            remind_days_before=list(each.remind_days_before),
            text=each.text,
            cancelled=each.cancelled,
            reason=each.reason,
            from_day=each.from_day,
            said=each.said,
            version=each.version,
        )


@router.put("/milestones/{code}", response_model=MilestoneView)
async def put_milestone(code: Code, body: MilestoneBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Plans a milestone, moves it, cancels it or describes it anew; the same again changes nothing."""
    wanted = body.milestone(call.consortium_id, code)

    async def command(tx: Tx) -> Upserted[Milestone]:
        return await planning.put_milestone(tx, wanted, call.at, announce=body.announce)

    return await call.run(
        command,
        lambda put: MilestoneView.of(put.thing),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/milestones/{put.thing.code}",
    )


@router.get("/milestones")
async def list_milestones(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)], paging: Annotated[PageQuery, Depends()]
) -> Page[MilestoneView]:
    """The planning, by day."""
    after = _day_and_code(paging.after) if paging.after else (date.min, "")
    rows = await call.read(lambda tx: milestones.page(tx, after, paging.limit + 1))
    return paging.page(rows, MilestoneView.of, lambda each: [each.day.isoformat(), each.code])


@router.get("/milestones/{code}")
async def get_milestone(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]
) -> MilestoneView:
    """One milestone."""
    found = await call.read(lambda tx: milestones.by_code(tx, code))
    if found is None:
        raise NotFound(what="milestone")
    return MilestoneView.of(found)


_CODED = {"organisation": "organisation", "person": "person", "agreement": "agreement", "group": "working-group"}


def _audience(consortium_id: UUID, named: str) -> str:
    """The audience by id, whether it was named by code or by id; what is no audience is left for the rule to refuse."""
    kind, _, code = named.partition(":")
    if kind not in _CODED or not code:
        return named
    try:
        return f"{kind}:{UUID(code)}"
    except ValueError:
        return f"{kind}:{ids.coded_id(consortium_id, _CODED[kind], code)}"


def _day_and_code(cursor: list[Any]) -> tuple[date, str]:
    try:
        day, code = cursor
        return date.fromisoformat(day), code
    except ValueError:
        raise CursorUnreadable from None

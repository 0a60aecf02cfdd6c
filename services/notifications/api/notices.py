"""Who was told what, over HTTP: persons by id, never a name or an address."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import Field

from runtime import ids
from runtime.http import ApiModel, Call, Page, PageQuery, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.notifications.domain.notices import Notice, NoticeState
from services.notifications.store import notices
from services.notifications.store.notices import Filter

READ = "notifications:read"

router = APIRouter(prefix="/v1")


class NoticeView(ApiModel):
    """One person, told one occasion. `code` says why it was suppressed, failed or is unknown; `duplicates` how often
    the person was about to be told it again, and was not."""

    id: UUID
    occasion_id: UUID
    person_id: UUID
    channel: str
    template: str
    language: str
    milestone_id: UUID | None
    state: NoticeState
    code: str | None
    duplicates: int
    claimed_at: datetime
    decided_at: datetime | None

    @classmethod
    def of(cls, each: Notice) -> "NoticeView":
        return cls(
            id=each.id,
            occasion_id=each.occasion_id,
            person_id=each.person_id,
            channel=each.channel,
            template=each.template,
            language=each.language,
            milestone_id=each.milestone_id,
            state=each.state,
            code=each.code,
            duplicates=each.duplicates,
            claimed_at=each.claimed_at,
            decided_at=each.decided_at,
        )


class TemplateCounts(ApiModel):
    """What became of the notices of one template."""

    template: str
    claimed: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    suppressed: int = 0
    suppressed_duplicates: int = 0


class Summary(ApiModel):
    """What became of all notices, and of what there was to tell.

    `suppressedDuplicates` counts how often somebody was about to be told what they were told before. `waiting` tellings
    are due and not told yet, `later` ones wait for their time, `givenUp` ones were tried too long, `toNobody` ones had
    an audience without people.
    """

    claimed: int
    sent: int
    failed: int
    unknown: int
    suppressed: int
    suppressed_duplicates: int
    waiting: int
    later: int
    given_up: int
    to_nobody: int
    templates: Annotated[list[TemplateCounts], Field(description="By template")]


@router.get("/notices")
async def list_notices(
    call: Annotated[Call, may("office", "operator", scope=READ)],
    paging: Annotated[PageQuery, Depends()],
    state: NoticeState | None = None,
    template: Annotated[str | None, Query(max_length=80)] = None,
    person_id: Annotated[UUID | None, Query(alias="personId")] = None,
    milestone: Annotated[str | None, Query(max_length=80, description="Code of a milestone")] = None,
) -> Page[NoticeView]:
    """Notices, in the order in which they were claimed."""
    after = _notice_id(paging.after[0]) if paging.after else None
    wanted = Filter(
        state.value if state else None,
        template,
        person_id,
        ids.coded_id(call.consortium_id, "milestone", milestone) if milestone else None,
    )
    rows = await call.read(lambda tx: notices.page(tx, wanted, after, paging.limit + 1))
    return paging.page(rows, NoticeView.of, lambda each: [each.id])


@router.get("/notices/summary")
async def summarise_notices(
    call: Annotated[Call, may("office", "controller", "accountant", "operator", scope=READ)],
) -> Summary:
    """How many were sent, suppressed, failed and unknown, and what waits to be told."""

    async def query(tx: Tx) -> Summary:
        counted: dict[str, dict[str, int]] = {}
        for row in await notices.counts(tx):
            of_template = counted.setdefault(row["template"], {"suppressed_duplicates": 0})
            of_template[row["state"]] = row["notices"]
            of_template["suppressed_duplicates"] += row["duplicates"]
        templates = [TemplateCounts(template=each, **counts) for each, counts in counted.items()]
        return Summary(
            **{state.value: sum(getattr(each, state.value) for each in templates) for state in NoticeState},
            suppressed_duplicates=sum(each.suppressed_duplicates for each in templates),
            **await notices.telling_counts(tx, call.at),
            templates=templates,
        )

    return await call.read(query)


@router.get("/notices/{noticeId}")
async def get_notice(
    call: Annotated[Call, may("office", "operator", scope=READ)],
    notice_id: Annotated[UUID, Path(alias="noticeId")],
) -> NoticeView:
    """One notice."""
    found = await call.read(lambda tx: notices.by_id(tx, notice_id))
    if found is None:
        raise NotFound(what="notice")
    return NoticeView.of(found)


def _notice_id(cursor: str) -> UUID:
    try:
        return UUID(cursor)
    except ValueError:
        raise CursorUnreadable from None

"""Batches that are accepted on a sample, over HTTP."""

import secrets
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, StringConstraints, model_validator
from starlette.responses import Response

from runtime.http import ApiModel, Call, Page, PageQuery, Upserted, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import hands, organisation
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText
from services.funding.commands import acceptances as commands
from services.funding.domain.rejection import Code as RejectionCode
from services.funding.domain.sampling import Batch, Choice, Item, Outcome, State
from services.funding.store import acceptances as store

router = APIRouter(prefix="/v1", tags=["contributions"])
ALGORITHM = "sha256(seed/id)"


class AcceptanceBatchBody(ApiModel):
    """What the batch takes: what is verified now, for days up to and including one, of whom and for what when given."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"upTo": "2023-05-31", "line": "robotisering"}]})

    up_to: date
    organisation: CodeText | None = None
    line: CodeText | None = None


class ItemView(ApiModel):
    """A contribution of a batch at its place in the order of the seed; `outcome` is what somebody found of it."""

    position: int
    contribution_id: UUID
    state: str
    outcome: Outcome | None
    judged_by: UUID | None

    @classmethod
    def of(cls, item: Item) -> "ItemView":
        return cls(**{name: getattr(item, name) for name in cls.model_fields})


class AcceptanceBatchView(ApiModel):
    """A batch. Its sample is the first `sample` of its contributions by SHA-256 over seed, a slash and the id.

    `itemsSha256` is over all of their ids in order, one a line. `left` of the sample have to be looked at.
    """

    id: UUID
    code: str
    up_to: date
    organisation_id: UUID | None
    line: str | None
    algorithm: str
    seed: str
    rule: str
    tolerable_basis_points: int
    confidence_basis_points: int
    most_failures: int
    contributions: int
    items_sha256: str
    sample: int
    left: int | None
    failures: int
    accepted: int
    state: State
    proposed_by: UUID
    proposed_at: datetime
    version: int

    @classmethod
    def of(cls, batch: Batch) -> "AcceptanceBatchView":
        same = ("id", "code", "seed", "contributions", "items_sha256", "failures", "accepted", "state", "proposed_by")
        return cls(
            **{name: getattr(batch, name) for name in (*same, "proposed_at", "version")},
            up_to=batch.choice.up_to,
            organisation_id=batch.choice.organisation_id,
            line=batch.choice.line,
            algorithm=ALGORITHM,
            rule=batch.rule_code,
            tolerable_basis_points=batch.rule.tolerable_basis_points,
            confidence_basis_points=batch.rule.confidence_basis_points,
            most_failures=batch.rule.most_failures,
            sample=batch.size,
            left=len(batch.pending) if batch.items else None,
        )


class SampledBatchView(AcceptanceBatchView):
    """A batch, with those of it that have to be looked at."""

    items: tuple[ItemView, ...]

    @classmethod
    def of(cls, batch: Batch) -> "SampledBatchView":
        shown = AcceptanceBatchView.of(batch).model_dump()
        return cls(**shown, items=tuple(ItemView.of(each) for each in batch.sample))


class JudgementBody(ApiModel):
    """What somebody found of one of the sample. What is wrong is rejected, with a code of `/v1/rejection-codes`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "contributionId": "0d0c8f5e-5a4e-5f60-8a43-000000000001",
                    "outcome": "wrong",
                    "code": "not-proven",
                    "note": "De factuur is van een ander jaar.",
                }
            ]
        }
    )

    contribution_id: UUID
    outcome: Outcome
    code: RejectionCode | None = None
    note: Annotated[str, StringConstraints(max_length=300)] = ""

    @model_validator(mode="after")
    def wrong_with_a_code(self) -> Self:
        if (self.outcome == "wrong") != (self.code is not None):
            raise ValueError("give a code when it is wrong, and none when it is right")
        return self


class BatchAcceptanceView(ApiModel):
    """What was accepted now, what this person approved as the first of two, and how many wait for somebody else."""

    state: State
    accepted: int
    minutes: int
    value_cents: int
    approved: int
    left_for_another: int


@router.put("/acceptance-batches/{code}", response_model=SampledBatchView)
async def propose_acceptance(
    code: Code, body: AcceptanceBatchBody, call: Annotated[Call, may("office", "controller", scope=WRITE)]
) -> Response:
    """Proposes a batch to accept: which contributions, the seed, and the sample that it draws, are fixed from now on.

    The same again is the batch as it stands. The seed is drawn here, so that nobody chooses who is looked at.
    """
    by, seed = await call.person(), secrets.token_hex(16)
    whose = await organisation(call, body.organisation) if body.organisation else None
    choice = Choice(body.up_to, whose.id if whose else None, body.line)

    async def command(tx: Tx) -> Upserted[Batch]:
        made, new = await commands.propose(tx, code, choice, seed=seed, by=by, at=call.at)
        return Upserted(made, "created" if new else "unchanged")

    return await call.run(
        command,
        lambda done: SampledBatchView.of(done.thing),
        location=lambda done: f"/v1/acceptance-batches/{done.thing.code}",
        version=lambda done: done.thing.version,
    )


@router.get("/acceptance-batches")
async def list_acceptance_batches(
    call: Annotated[Call, may(*READERS, scope=READ)],
    paging: Annotated[PageQuery, Depends()],
    state: Annotated[Literal["open", "stopped", "accepted"] | None, Query(description="Only those in it")] = None,
) -> Page[AcceptanceBatchView]:
    """Batches by code."""
    after = paging.after[0] if paging.after else ""
    rows = await call.read(lambda tx: store.page(tx, after, state, paging.limit + 1))
    return paging.page(rows, AcceptanceBatchView.of, lambda batch: [batch.code])


@router.get("/acceptance-batches/{code}")
async def read_acceptance_batch(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> SampledBatchView:
    """One batch, with its sample and what was found of it."""
    found = await call.read(lambda tx: store.one(tx, code))
    if found is None:
        raise NotFound(what="batch with this code")
    return SampledBatchView.of(found)


@router.get("/acceptance-batches/{code}/items")
async def list_acceptance_items(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ)], paging: Annotated[PageQuery, Depends()]
) -> Page[ItemView]:
    """All contributions of a batch in the order of its seed: with these, whoever likes draws the sample again."""
    try:
        after = int(paging.after[0]) if paging.after else 0
    except ValueError:
        raise CursorUnreadable from None
    if not 0 <= after < 2**31:
        raise CursorUnreadable

    async def find(tx: Tx) -> list[Item]:
        found = await store.one(tx, code)
        if found is None:
            raise NotFound(what="batch with this code")
        return await store.items(tx, found.id, after, paging.limit + 1)

    return paging.page(await call.read(find), ItemView.of, lambda item: [item.position])


@router.post("/acceptance-batches/{code}/judgements", status_code=201, response_model=SampledBatchView)
async def judge_acceptance(
    code: Code, body: JudgementBody, call: Annotated[Call, may("office", "controller", scope=WRITE)]
) -> Response:
    """Says of one of the sample whether it is right. One wrong too many (the rule's `mostFailures`) stops the batch.

    Refused to who declared or verified it. What is wrong is rejected at once, and whoever declared it reads why.
    """
    who = await hands(call)
    return await call.run(
        lambda tx: commands.judge(
            tx, code, body.contribution_id, body.outcome, body.code, body.note, hands=who, at=call.at
        ),
        SampledBatchView.of,
        status=201,
    )


@router.post("/acceptance-batches/{code}/acceptance", response_model=BatchAcceptanceView)
async def accept_batch(code: Code, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Accepts a batch once all of its sample was looked at. What this person declared, verified or approved waits for
    somebody else, who asks the same; again, it changes nothing."""
    who = await hands(call)
    return await call.run(
        lambda tx: commands.accept(tx, code, hands=who, at=call.at),
        lambda done: BatchAcceptanceView(
            state=done[0].state,
            accepted=len(done[1].accepted),
            minutes=sum(each.minutes for each in done[1].accepted),
            value_cents=sum(each.value_cents for each in done[1].accepted),
            approved=len(done[1].approved),
            left_for_another=done[1].left_for_another,
        ),
    )

"""Allocations over HTTP: the office proposes, a controller who is another person approves."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import Field, model_validator
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import programme_with
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import allocations as commands
from services.funding.commands.allocations import Preview
from services.funding.domain import allocation as domain
from services.funding.domain.allocation import Allocation
from services.funding.events import LineKind
from services.funding.store import allocations as store
from services.funding.store import weights

router = APIRouter(prefix="/v1", tags=["allocations"])
Cents = Annotated[int, Field(ge=0, le=10**15)]
AllocationId = Annotated[UUID, Path(alias="allocationId")]


class ClaimBody(ApiModel):
    """One of: a fixed amount, a share of the pot in basis points, or a weight with a base amount."""

    fixed_cents: Cents | None = None
    share_basis_points: Annotated[int, Field(ge=0, le=10_000)] | None = None
    weight: Annotated[int, Field(ge=0, le=10**9)] | None = None
    base_cents: Cents | None = None

    @model_validator(mode="after")
    def one_of_three(self) -> Self:
        given = [self.fixed_cents, self.share_basis_points, self.weight]
        if sum(value is not None for value in given) != 1:
            raise ValueError("give exactly one of fixedCents, shareBasisPoints and weight")
        if self.base_cents is not None and self.weight is None:
            raise ValueError("baseCents goes with weight only")
        return self

    def claim(self) -> domain.Claim:
        if self.fixed_cents is not None:
            return domain.Fixed(self.fixed_cents)
        if self.share_basis_points is not None:
            return domain.Share(self.share_basis_points)
        return domain.Weight(self.weight or 0, self.base_cents or 0)


class LineBody(ClaimBody):
    line: CodeText


class EnvelopeBody(ClaimBody):
    """A part of the grant, and the lines it is divided over: those given, and those of a set of weights.

    `weightsBaseCents` is the base amount of every line that comes from the set; a line that is given goes before.
    """

    code: CodeText
    kind: Literal["spearhead", "location"]
    lines: Annotated[tuple[LineBody, ...], Field(max_length=500)] = ()
    weights_from: CodeText | None = None
    weights_base_cents: Cents | None = None

    @model_validator(mode="after")
    def base_of_weights(self) -> Self:
        if self.weights_base_cents is not None and self.weights_from is None:
            raise ValueError("weightsBaseCents goes with weightsFrom only")
        return self

    def envelope(self, found: Mapping[str, Mapping[str, int]]) -> domain.Envelope:
        lines = [domain.PlannedLine(line.line, line.claim()) for line in self.lines]
        given, base = {line.line for line in self.lines}, self.weights_base_cents or 0
        lines += [
            domain.PlannedLine(line, domain.Weight(weight, base))
            for line, weight in found.get(self.weights_from or "", {}).items()
            if line not in given
        ]
        return domain.Envelope(self.code, self.kind, self.claim(), tuple(lines), self.weights_from or "")


class PlanBody(ApiModel):
    """How to divide a grant. What no envelope and no line claims stays unallocated."""

    grant: CodeText
    effective_on: date
    reason: Sentence
    envelopes: Annotated[tuple[EnvelopeBody, ...], Field(max_length=50)]

    async def plan(self, call: Call) -> tuple[domain.Envelope, ...]:
        """The plan, with the lines of the sets of weights that it names. Raises NotFound for an unknown set."""
        wanted = {envelope.weights_from for envelope in self.envelopes if envelope.weights_from}
        found = {each.code: each.counted.weights() for each in await call.read(lambda tx: weights.sets(tx, wanted))}
        if wanted - found.keys():
            raise NotFound(what=f"set of weights with the code '{min(wanted - found.keys())}'")
        return tuple(envelope.envelope(found) for envelope in self.envelopes)


def named(plan: Iterable[domain.Envelope]) -> set[str]:
    """The lines that a plan names."""
    return {line.line for envelope in plan for line in envelope.lines}


class ProposalBody(PlanBody):
    code: CodeText


class MoveBody(ApiModel):
    """Cents that go from one line to another; either may be `unallocated`."""

    from_: Annotated[CodeText, Field(alias="from")]
    to: CodeText
    cents: Annotated[int, Field(gt=0, le=10**15)]

    @classmethod
    def of(cls, move: domain.Move) -> "MoveBody":
        return cls(from_=move.source, to=move.target, cents=move.cents)

    def move(self) -> domain.Move:
        return domain.Move(self.from_, self.to, self.cents)


class GivenLine(ApiModel):
    line: str
    kind: LineKind
    envelope: str
    cents: int


class AllocationView(ApiModel):
    """A version. Approved, it waits for its day; effective, it is what the budgets follow. A re-allocation names the
    version that it is `basedOn`, and its moves. `weightsFrom` are the sets of weights that it rests on.
    """

    id: UUID
    code: str
    number: int
    grant_id: UUID
    grant_cents: int
    state: Literal["proposed", "approved", "effective", "superseded"]
    effective_on: date
    reason: str
    lines: tuple[GivenLine, ...]
    weights_from: tuple[str, ...]
    proposed_by: UUID
    proposed_at: datetime
    approved_by: UUID | None
    approved_at: datetime | None
    supersedes: UUID | None
    based_on: UUID | None
    moves: tuple[MoveBody, ...]
    version: int

    @classmethod
    def of(cls, allocation: Allocation) -> "AllocationView":
        return cls(
            id=allocation.id,
            code=allocation.code,
            number=allocation.number,
            grant_id=allocation.grant_id,
            grant_cents=allocation.grant_cents,
            state=allocation.state,
            effective_on=allocation.effective_on,
            reason=allocation.reason,
            lines=tuple(
                GivenLine(line=line.line, kind=line.kind, envelope=line.envelope, cents=line.cents)
                for line in allocation.lines
            ),
            weights_from=tuple(sorted({each.weights_from for each in allocation.plan} - {""})),
            proposed_by=allocation.proposed_by,
            proposed_at=allocation.proposed_at,
            approved_by=allocation.approved_by,
            approved_at=allocation.approved_at,
            supersedes=allocation.supersedes,
            based_on=allocation.based_on,
            moves=tuple(MoveBody.of(move) for move in allocation.moves),
            version=allocation.version,
        )


class PreviewLine(GivenLine):
    """What the plan would give a line, and how much more (or less) that is than it has now."""

    change_cents: int


class PreviewView(ApiModel):
    """A division that was only reckoned. The lines sum to the grant, `unallocated` included."""

    grant_cents: int
    lines: tuple[PreviewLine, ...]

    @classmethod
    def of(cls, preview: Preview) -> "PreviewView":
        return cls(
            grant_cents=preview.grant_cents,
            lines=tuple(
                PreviewLine(
                    line=line.line,
                    kind=line.kind,
                    envelope=line.envelope,
                    cents=line.cents,
                    change_cents=line.cents - preview.now.get(line.line, 0),
                )
                for line in preview.lines
            ),
        )


@router.get("/allocations")
async def list_allocations(
    call: Annotated[Call, may(*READERS, scope=READ)],
    code: Annotated[str | None, Query(max_length=80)] = None,
    state: Literal["proposed", "approved", "effective", "superseded"] | None = None,
) -> list[AllocationView]:
    """Versions, newest first, 200 at most."""
    found = await call.read(lambda tx: store.allocations(tx, code=code, state=state))
    return [AllocationView.of(allocation) for allocation in found]


@router.get("/allocations/{allocationId}")
async def get_allocation(
    allocation_id: AllocationId, call: Annotated[Call, may(*READERS, scope=READ)]
) -> AllocationView:
    """One version."""
    found = await call.read(lambda tx: store.allocation(tx, allocation_id))
    if found is None:
        raise NotFound(what="allocation with this id")
    return AllocationView.of(found)


@router.post("/allocations", status_code=201, response_model=AllocationView)
async def propose_allocation(body: ProposalBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Proposes the next version of a grant's division."""
    by, plan = await call.person(), await body.plan(call)
    programme = await programme_with(call, named(plan))
    return await call.run(
        lambda tx: commands.propose_allocation(
            tx, body.code, body.grant, plan, body.effective_on, body.reason, programme, by=by, at=call.at
        ),
        AllocationView.of,
        status=201,
        location=lambda proposed: f"/v1/allocations/{proposed.id}",
        version=lambda proposed: proposed.version,
    )


@router.post("/allocations/preview")
async def preview_allocation(
    body: PlanBody, call: Annotated[Call, may("office", "controller", scope=READ)]
) -> PreviewView:
    """What-if: how a plan would divide the grant, beside how it is divided now. Nothing is kept or booked."""
    plan = await body.plan(call)
    programme = await programme_with(call, named(plan))
    return PreviewView.of(await call.read(lambda tx: commands.preview_allocation(tx, body.grant, plan, programme)))


@router.put("/allocations/{code}", response_model=AllocationView)
async def put_allocation(code: Code, body: PlanBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Proposes the next version only when the last one under this code divides otherwise."""
    by, plan = await call.person(), await body.plan(call)
    programme = await programme_with(call, named(plan))

    async def command(tx: Tx) -> Upserted[Allocation]:
        return Upserted(
            *await commands.put_allocation(
                tx, code, body.grant, plan, body.effective_on, body.reason, programme, by=by, at=call.at
            )
        )

    return await call.run(
        command,
        lambda done: AllocationView.of(done.thing),
        location=lambda done: f"/v1/allocations/{done.thing.id}",
        version=lambda done: done.thing.version,
    )


@router.post("/allocations/{allocationId}/approval", response_model=AllocationView)
async def approve_allocation(
    allocation_id: AllocationId, call: Annotated[Call, may("controller", scope=WRITE)]
) -> Response:
    """Approves a proposed version, which moves the budgets. Refused to the person who proposed it."""
    by = await call.person()
    return await call.run(
        lambda tx: commands.approve_allocation(tx, allocation_id, by=by, at=call.at),
        AllocationView.of,
        version=lambda approved: approved.version,
    )

"""Re-allocations over HTTP: the office moves money between lines, and another person approves that version."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, StringConstraints
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from services.funding.api.allocations import AllocationView, MoveBody, PreviewView
from services.funding.api.asking import programme_with
from services.funding.api.speaking import READ, WRITE, Code, CodeText
from services.funding.commands import reallocations as commands
from services.funding.domain.allocation import Allocation, Move
from services.funding.domain.ledger import UNALLOCATED_LINE

router = APIRouter(prefix="/v1", tags=["allocations"])


class MovesBody(ApiModel):
    """What goes from which line to which, starting from the version in force."""

    grant: CodeText
    moves: Annotated[tuple[MoveBody, ...], Field(min_length=1, max_length=100)]

    def asked(self) -> tuple[Move, ...]:
        return tuple(each.move() for each in self.moves)

    def gaining(self) -> set[str]:
        """The lines that get something."""
        return {each.to for each in self.moves} - {UNALLOCATED_LINE}


class ReallocationBody(MovesBody):
    """The same with the day it takes effect on, and why. No names of people."""

    effective_on: date
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


@router.put("/reallocations/{code}", response_model=AllocationView)
async def put_reallocation(
    code: Code, body: ReallocationBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Proposes the division in force with these moves made, as its next version. The same again changes nothing.

    It is approved like any version (`/v1/allocations/{allocationId}/approval`), by another person. What a line has
    reserved, committed or claimed cannot be taken from it.
    """
    by = await call.person()
    programme = await programme_with(call, body.gaining())

    async def command(tx: Tx) -> Upserted[Allocation]:
        return Upserted(
            *await commands.put_reallocation(
                tx, code, body.grant, body.asked(), body.effective_on, body.reason, programme, by=by, at=call.at
            )
        )

    return await call.run(
        command,
        lambda done: AllocationView.of(done.thing),
        location=lambda done: f"/v1/allocations/{done.thing.id}",
        version=lambda done: done.thing.version,
    )


@router.post("/reallocations/preview")
async def preview_reallocation(
    body: MovesBody, call: Annotated[Call, may("office", "controller", scope=READ)]
) -> PreviewView:
    """What-if: what every line would have after these moves. Nothing is kept or booked."""
    programme = await programme_with(call, body.gaining())
    return PreviewView.of(
        await call.read(lambda tx: commands.preview_reallocation(tx, body.grant, body.asked(), programme))
    )

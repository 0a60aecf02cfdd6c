"""The difference between two versions of a division, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from runtime.http import ApiModel, Call, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import READ, READERS
from services.funding.domain.allocation import Allocation
from services.funding.domain.allocation_difference import Difference, differences
from services.funding.events import LineKind
from services.funding.store import allocations as store

router = APIRouter(prefix="/v1", tags=["allocations"])


class DifferenceView(ApiModel):
    """A line in both versions, in cents. An envelope is empty where the line does not stand in that version."""

    line: str
    kind: LineKind
    before_cents: int
    after_cents: int
    change_cents: int
    before_envelope: str
    after_envelope: str

    @classmethod
    def of(cls, found: Difference) -> "DifferenceView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class DifferencesView(ApiModel):
    """What is different in `after`: only the lines that are. The changes sum to `grantChangeCents`."""

    before: UUID
    after: UUID
    before_number: int
    after_number: int
    grant_change_cents: int
    reason: str
    lines: tuple[DifferenceView, ...]


@router.get("/allocations/{allocationId}/differences")
async def get_differences(
    allocation_id: Annotated[UUID, Path(alias="allocationId")],
    call: Annotated[Call, may(*READERS, scope=READ)],
    with_: Annotated[UUID, Query(alias="with", description="Id of the version to compare it with")],
) -> DifferencesView:
    """What this version gives otherwise than another version of the same grant."""

    async def query(tx: Tx) -> tuple[Allocation | None, Allocation | None]:
        return await store.allocation(tx, with_), await store.allocation(tx, allocation_id)

    before, after = await call.read(query)
    if before is None or after is None or before.grant_id != after.grant_id:
        raise NotFound(what="pair of versions of one grant with these ids")
    return DifferencesView(
        before=before.id,
        after=after.id,
        before_number=before.number,
        after_number=after.number,
        grant_change_cents=after.grant_cents - before.grant_cents,
        reason=after.reason,
        lines=tuple(DifferenceView.of(each) for each in differences(before, after)),
    )

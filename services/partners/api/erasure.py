"""Erasing persons and holding their names, over HTTP. Answers name nobody, but for the one that shows what is held."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path
from pydantic import ConfigDict, Field
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.api.speaking import CODE, READ, WRITE, Code, day_or_today
from services.partners.commands import erasure as commands
from services.partners.domain.erasure import Erasure, Hold
from services.partners.store import erasure as store

router = APIRouter(prefix="/v1", tags=["erasure"])
Writer = Annotated[Call, may("office", scope=WRITE)]
Why = Annotated[str, Field(min_length=1, max_length=500, pattern=r"\S", description="No names of people")]


class HoldBody(ApiModel):
    """Until which day the name is kept, that day included, and why. A day that is over ends the hold."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"until": "2034-12-31", "reason": "ten years of retention that the subsidy asks for"}]
        }
    )

    until: date
    reason: Why


class HoldView(ApiModel):
    """A hold on a name. Without `setBy` it is there by rule, for what the person did in the books or signed."""

    code: str
    until: date
    reason: str
    set_by: UUID | None
    set_at: datetime

    @classmethod
    def of(cls, hold: Hold) -> "HoldView":
        return cls(**{name: getattr(hold, name) for name in cls.model_fields})


class ErasureBody(ApiModel):
    """Why the person is erased. `also` are further words that tell who it is and that parties may have filled in, such
    as a telephone number as it was written; they are not kept."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "asked for by the person", "also": ["06-00000000"]}]}
    )

    reason: Why
    also: Annotated[
        tuple[Annotated[str, Field(min_length=6, max_length=200, pattern=r"^\S.{4,}\S$")], ...], Field(max_length=20)
    ] = ()


class ErasureView(ApiModel):
    """What became of an erasure. `held`: nobody can be reached as this person, and the name alone is kept until the
    last day of a hold; then it goes by itself."""

    person_id: UUID
    state: Literal["held", "erased"]
    held_until: date | None
    asked_at: datetime
    asked_by: UUID
    reason: str
    erased_at: datetime | None

    @classmethod
    def of(cls, found: Erasure) -> "ErasureView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class HeldNameView(ErasureView):
    """The same, with the name as long as it is held: who an id in the books is."""

    name: str


@router.get("/persons/{code}/holds")
async def list_holds(code: Code, call: Annotated[Call, may("office", "accountant", scope=READ)]) -> list[HoldView]:
    """What holds a person's name, the longest first."""
    person_id = ids.coded_id(call.consortium_id, "person", code)
    return [HoldView.of(each) for each in await call.read(lambda tx: store.holds(tx, person_id))]


@router.put("/persons/{code}/holds/{hold}", response_model=HoldView)
async def put_hold(
    code: Code,
    hold: Annotated[str, Path(pattern=CODE, max_length=80, description="The office's own code of the hold")],
    body: HoldBody,
    call: Writer,
) -> Response:
    """Keeps a person's name until a day, also when it is to be erased before."""
    by, person_id = await call.person(), ids.coded_id(call.consortium_id, "person", code)
    return await call.run(
        lambda tx: commands.put_hold(tx, person_id, hold, body.until, body.reason, by=by, at=call.at),
        lambda done: HoldView.of(done.thing),
        version=lambda done: done.thing.version,
        when_closed=True,
    )


@router.post("/persons/{code}/erasure", response_model=ErasureView)
async def erase_person(code: Code, body: ErasureBody, call: Writer) -> Response:
    """Erases a person. What the books need is held until its last day, and goes by itself after it."""
    by, person_id = await call.person(), ids.coded_id(call.consortium_id, "person", code)
    return await call.run(
        lambda tx: commands.erase(tx, person_id, body.reason, also=body.also, by=by, at=call.at),
        lambda done: ErasureView.of(done),
        when_closed=True,
    )


@router.get("/person-erasures")
async def list_erasures(call: Annotated[Call, may("office", "accountant", scope=READ)]) -> list[ErasureView]:
    """What was asked to be erased, the latest first, 500 at most. Names nobody."""

    async def query(tx: Tx) -> list[Erasure]:
        return await store.erasures(tx, await day_or_today(tx, call, None))

    return [ErasureView.of(each) for each in await call.read(query)]


@router.get("/person-erasures/{personId}")
async def get_erasure(
    person_id: Annotated[UUID, Path(alias="personId")],
    call: Annotated[Call, may("office", "accountant", scope=READ)],
) -> HeldNameView:
    """One erasure, with the name while it is held: for whoever has to know who an id in the books is."""

    async def query(tx: Tx) -> list[Erasure]:
        if not await store.is_erased(tx, person_id):
            raise NotFound(what="erasure of this person")
        return await store.erasures(tx, await day_or_today(tx, call, None), person_id)

    (found,) = await call.read(query)
    return HeldNameView(**ErasureView.of(found).model_dump(), name=found.name)

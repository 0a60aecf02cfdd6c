"""Senders and their mandates over HTTP: an operator admits a system, the office says for whom it may declare."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints
from starlette.responses import Response

from runtime.consumer import NOBODY
from runtime.http import ApiModel, Call, Reach, Upserted, may
from runtime.postgres import Tx
from runtime.problems import InvalidInput, NotFound
from services.funding.api.speaking import READ, WRITE, Code
from services.funding.store import partners
from services.funding.store import senders as store
from services.funding.store.partners import Organisation
from services.funding.store.senders import Mandate, Sender

router = APIRouter(prefix="/v1", tags=["senders"])

SenderCode = Annotated[
    str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$", description="Unique on the installation; names the topics")
]


class SenderBody(ApiModel):
    """A company's system, or a payroll provider for many companies."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class SenderView(ApiModel):
    """A sender with the topics that are its own."""

    code: str
    title: str
    intake_topic: str
    receipts_topic: str

    @classmethod
    def of(cls, found: Sender) -> "SenderView":
        return cls(
            code=found.code,
            title=found.title,
            intake_topic=f"intake.contributions.{found.code}",
            receipts_topic=f"receipts.contributions.{found.code}",
        )


class MandateBody(ApiModel):
    """For work on which days, the last of them included."""

    from_: date = Field(alias="from")
    until: date | None = None


class EndBody(ApiModel):
    """The last day for which a sender may declare anything."""

    on: date


class EndView(ApiModel):
    """How many mandates, over all regions, were changed by it."""

    ended: int


class MandateView(ApiModel):
    organisation: str
    from_: date = Field(alias="from")
    until: date | None

    @classmethod
    def of(cls, found: Mandate) -> "MandateView":
        return cls(organisation=found.organisation, from_=found.from_, until=found.until)


@router.put("/senders/{code}", response_model=SenderView)
async def put_sender(
    code: SenderCode, body: SenderBody, call: Annotated[Call, may("operator", scope=WRITE, reach=Reach.INSTALLATION)]
) -> Response:
    """Admits a sender and makes its two topics, before anything can be sent."""
    make_topics: Callable[[str], Awaitable[None]] = call.request.app.state.make_sender_topics
    await make_topics(code)
    sender = Sender(code, body.title)

    async def put(tx: Tx) -> Upserted[Sender]:
        return Upserted(sender, await store.put(tx, sender))

    return await call.run(put, lambda done: SenderView.of(done.thing), consortium_id=NOBODY)


@router.get("/senders")
async def list_senders(
    call: Annotated[Call, may("operator", "office", scope=READ, reach=Reach.INSTALLATION)],
) -> list[SenderView]:
    """All senders of this installation."""
    return [SenderView.of(each) for each in await call.read(store.all_of_them, consortium_id=NOBODY)]


@router.put("/senders/{code}/end", response_model=EndView)
async def put_end(
    code: SenderCode, body: EndBody, call: Annotated[Call, may("operator", scope=WRITE, reach=Reach.INSTALLATION)]
) -> Response:
    """Ends every mandate of a sender, in all regions, on this day; those that would begin later are withdrawn."""

    async def put(tx: Tx) -> Upserted[int]:
        if await store.one(tx, code) is None:
            raise NotFound(what="sender with this code")
        ended = await store.end(tx, code, body.on)
        return Upserted(ended, "changed" if ended else "unchanged")

    return await call.run(put, lambda done: EndView(ended=done.thing), consortium_id=NOBODY)


@router.put("/senders/{code}/mandates/{organisation}", response_model=MandateView)
async def put_mandate(
    code: SenderCode,
    organisation: Code,
    body: MandateBody,
    call: Annotated[Call, may("office", "operator", scope=WRITE)],
) -> Response:
    """Lets a sender declare for an organisation of the region, from a day and until a day.

    An operator does it on behalf of the office, when a sender is admitted; both only for a region of their token.
    """
    if body.until is not None and body.until < body.from_:
        raise InvalidInput(summary="until comes before from.")

    async def find(tx: Tx) -> tuple[Sender | None, Organisation | None]:
        return await store.one(tx, code), await partners.organisation_by_reference(tx, organisation)

    sender, known = await call.read(find)
    if sender is None:
        raise NotFound(what="sender with this code")
    if known is None or known.code != organisation:
        raise NotFound(what="organisation with this code")

    async def put(tx: Tx) -> Upserted[Mandate]:
        result = await store.put_mandate(tx, code, known.id, body.from_, body.until)
        return Upserted(Mandate(organisation, body.from_, body.until), result)

    return await call.run(put, lambda done: MandateView.of(done.thing))


@router.get("/senders/{code}/mandates")
async def list_mandates(
    code: SenderCode, call: Annotated[Call, may("office", "operator", scope=READ)]
) -> list[MandateView]:
    """For which organisations of the region a sender may declare."""
    return [MandateView.of(each) for each in await call.read(lambda tx: store.mandates(tx, code))]

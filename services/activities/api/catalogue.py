"""Kinds, offers and requests over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from runtime import ids
from runtime.http import Call, Others, Page, PageQuery, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.activities.api.models import (
    ActivityView,
    HoldBody,
    KindBody,
    KindView,
    OfferBody,
    OfferView,
    RankingView,
    RequestPut,
    RequestView,
)
from services.activities.api.speaking import READ, READERS, WRITE, Code, LineQuery, speaker_of
from services.activities.commands import catalogue as commands
from services.activities.commands import matching
from services.activities.domain.catalogue import Offer, Request, RequestState
from services.activities.store import catalogue as store

router = APIRouter(prefix="/v1")
Paging = Annotated[PageQuery, Depends()]


@router.get("/activity-kinds")
async def list_kinds(call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]) -> list[KindView]:
    """The kinds of activity of this region."""
    return [KindView.of(kind) for kind in await call.read(store.kinds)]


@router.put("/activity-kinds/{code}", response_model=KindView)
async def put_kind(code: Code, body: KindBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Adds or changes a kind."""
    kind = body.kind(code)

    async def command(tx: Tx) -> Upserted[None]:
        return Upserted(None, (await commands.put_kind(tx, kind)).value)

    return await call.run(command, lambda _: KindView.of(kind))


@router.get("/offers")
async def list_offers(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)],
    paging: Paging,
    line: LineQuery = None,
    company_id: Annotated[UUID | None, Query(alias="companyId")] = None,
) -> Page[OfferView]:
    """Offers by code."""
    after = paging.after[0] if paging.after else ""
    rows = await call.read(lambda tx: store.list_offers(tx, after, paging.limit + 1, line, company_id))
    return paging.page(rows, OfferView.of, lambda offer: [offer.code])


@router.get("/offers/{code}")
async def get_offer(code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]) -> OfferView:
    """One offer."""
    offer = await call.read(lambda tx: store.offer_by_code(tx, code))
    if offer is None:
        raise NotFound(what="offer")
    return OfferView.of(offer)


@router.put("/offers/{code}", response_model=OfferView)
async def put_offer(
    code: Code, body: OfferBody, call: Annotated[Call, may("office", "company", scope=WRITE, others=Others.REFUSED)]
) -> Response:
    """Publishes an offer, or what became of it; the same again changes nothing."""
    speaker = await speaker_of(call)
    wanted = body.offer(ids.coded_id(call.consortium_id, "offer", code), code)

    async def command(tx: Tx) -> Upserted[Offer]:
        offer, result = await commands.put_offer(tx, wanted, speaker, call.at)
        return Upserted(offer, result.value)

    return await call.run(
        command,
        lambda put: OfferView.of(put.thing),
        location=lambda put: f"/v1/offers/{put.thing.code}",
        version=lambda put: put.thing.version,
    )


@router.get("/requests")
async def list_requests(
    call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)],
    paging: Paging,
    state: RequestState | None = None,
    school_id: Annotated[UUID | None, Query(alias="schoolId")] = None,
) -> Page[RequestView]:
    """Requests by code."""
    after = paging.after[0] if paging.after else ""
    wanted = state.value if state else None
    rows = await call.read(lambda tx: store.list_requests(tx, after, paging.limit + 1, wanted, school_id))
    return paging.page(rows, RequestView.of, lambda request: [request.code])


@router.get("/requests/{code}")
async def get_request(code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]) -> RequestView:
    """One request."""
    request = await call.read(lambda tx: store.request_by_code(tx, code))
    if request is None:
        raise NotFound(what="request")
    return RequestView.of(request)


@router.put("/requests/{code}", response_model=RequestView)
async def put_request(
    code: Code, body: RequestPut, call: Annotated[Call, may("office", "school", scope=WRITE, others=Others.REFUSED)]
) -> Response:
    """Opens, changes or withdraws a request; the same again changes nothing."""
    speaker = await speaker_of(call)
    state = RequestState.WITHDRAWN if body.withdrawn else RequestState.OPEN
    request_id = ids.coded_id(call.consortium_id, "request", code)
    wanted = Request(id=request_id, code=code, state=state, **body.fields())  # type: ignore[arg-type]

    async def command(tx: Tx) -> Upserted[Request]:
        request, result = await commands.put_request(tx, wanted, speaker, call.at)
        return Upserted(request, result.value)

    return await call.run(
        command,
        lambda put: RequestView.of(put.thing),
        location=lambda put: f"/v1/requests/{put.thing.code}",
        version=lambda put: put.thing.version,
    )


@router.get("/requests/{code}/candidates")
async def preview_candidates(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.SHOWN)]
) -> RankingView:
    """The candidates as they would be ranked now, with reasons, and who falls out and why."""
    return RankingView.of(*await call.read(lambda tx: matching.preview(tx, code, call.at)))


@router.post("/requests/{code}/candidates", response_model=RankingView)
async def rank_candidates(
    code: Code, call: Annotated[Call, may("office", "school", scope=WRITE, others=Others.REFUSED)]
) -> Response:
    """Ranks the candidates for an open request and publishes the ranking."""
    speaker = await speaker_of(call)
    return await call.run(
        lambda tx: matching.rank_candidates(tx, code, speaker, call.at), lambda ranked: RankingView.of(*ranked)
    )


@router.post("/requests/{code}/holds", status_code=201, response_model=ActivityView)
async def hold_candidate(
    code: Code,
    body: HoldBody,
    call: Annotated[Call, may("office", "school", "company", scope=WRITE, others=Others.REFUSED)],
) -> Response:
    """Softly holds a candidate for five working days; after that the next one has its turn."""
    speaker = await speaker_of(call)
    wish = matching.Wish(
        ids.new_id(), body.offer_code, body.activity_code, body.starts_at, body.room, tuple(body.teachers)
    )
    return await call.run(
        lambda tx: matching.hold_candidate(tx, code, wish, speaker, call.at),
        ActivityView.of,
        status=201,
        location=lambda activity: f"/v1/activities/{activity.code}",
        version=lambda activity: activity.version,
    )

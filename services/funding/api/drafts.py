"""Drafts of contributions over HTTP: written down by people of an organisation, seen by it alone, and declared."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict
from starlette.responses import Response

from runtime import ids
from runtime.consumer import NOBODY
from runtime.http import ApiModel, Call, Others, Page, PageQuery, Upserted, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import InvalidInput, NotFound
from services.funding.api.asking import IntakeDesk
from services.funding.api.promising import codes_of, named
from services.funding.api.speaking import READ, WRITE, CodeText
from services.funding.commands import drafts as commands
from services.funding.commands import intake
from services.funding.commands.booking import told
from services.funding.commands.intake import Arrival
from services.funding.domain.draft import MOST_BYTES, Draft, DraftDeclared, State, by_hand
from services.funding.domain.intake import Reason
from services.funding.events import ContributionReceipt, ReceiptReason
from services.funding.store import drafts as store

router = APIRouter(prefix="/v1", tags=["contribution drafts"])
Reader = Annotated[Call, may("company", scope=READ, others=Others.HIDDEN)]
Writer = Annotated[Call, may("company", scope=WRITE, others=Others.HIDDEN)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60)]
Fraction = Annotated[float, Field(allow_inf_nan=False)]
Plain = Annotated[str, StringConstraints(max_length=1_000)] | int | Fraction | bool | None
_EXAMPLE: JsonDict = {"line": "robotisering", "day": "2023-05-02", "kind": "hours", "minutes": 135, "workerRef": "w-17"}


class DraftBody(ApiModel):
    """For which organisation, and what is written down so far: the fields of a record of `/v1/contribution-batches`
    without `id`, `consortium`, `organisation`, `replaces` and `withdraws`, complete or not."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"organisation": "acme", "record": _EXAMPLE}]})

    organisation: CodeText
    record: Annotated[
        dict[Name, Plain | Annotated[list[dict[Name, Plain]], Field(max_length=20)]], Field(max_length=30)
    ]


class DeclarationView(ApiModel):
    """What became of a draft when it was declared last: `outcome` at first, `state` and the rest as they are now."""

    of_version: int
    record_id: str
    outcome: Literal["booked", "held", "refused"]
    state: str
    reasons: tuple[ReceiptReason, ...]
    declared_by: UUID
    declared_at: datetime
    contribution_id: UUID | None
    contribution_state: str | None
    minutes: int | None
    value_cents: int | None
    rule: str | None


class DraftView(ApiModel):
    """A draft as it was given. `state`: a draft; declared, and a record now; held for a person, or refused: to mend.

    What is changed after it was declared is a draft again, and counts as it was until it is declared anew; `withdrawn`
    was taken back.
    """

    id: UUID
    organisation: str
    record: Mapping[str, Any]
    state: State
    saved_by: UUID
    saved_at: datetime
    declaration: DeclarationView | None
    version: int

    @classmethod
    def of(cls, found: Draft, code: str) -> "DraftView":
        made, view = found.declaration, None
        if made is not None:
            same = {name: getattr(made, name) for name in DeclarationView.model_fields if name != "reasons"}
            view = DeclarationView(**same, reasons=told(by_hand(made.reasons, made.record_id)))
        kept = {name: getattr(found, name) for name in ("id", "state", "saved_by", "saved_at", "version")}
        return cls(**kept, organisation=code, record=found.content, declaration=view)


class ProspectView(ApiModel):
    """What would become of a draft if it were declared now, and why not; nothing is sent or kept.

    `outcome`: `incomplete` is no record yet; `refused`, `held` and `booked` are what the books would say.
    """

    outcome: Literal["incomplete", "refused", "held", "booked"]
    problems: tuple[ReceiptReason, ...]
    minutes: int | None = None
    value_cents: int | None = None
    rule: str | None = None


class _Foreseen(Exception):
    """Ends the transaction in which it was seen what would become of a draft."""

    def __init__(self, receipt: ContributionReceipt) -> None:
        self.receipt = receipt


@router.put("/contribution-drafts/{id}", response_model=DraftView)
async def put_draft(id: UUID, body: DraftBody, call: Writer) -> Response:
    """Keeps a draft, complete or not, under an id that its writer makes; only its organisation sees it."""
    if len(body.model_dump_json()) > MOST_BYTES:
        raise InvalidInput(summary=f"a draft has {MOST_BYTES} bytes at most; leave something out.")
    by, own, expected = await call.person(), call.actor.organisations, call.expected_version
    whose = await call.read(lambda tx: named(tx, body.organisation))
    if whose is None or whose not in own:
        raise NotFound(what="organisation with this code")
    asked = Draft(id, whose, body.record, by, call.at)

    async def command(tx: Tx) -> Upserted[DraftView]:
        kept, result = await commands.put(tx, asked, own, expected=expected)
        return Upserted(await _view(tx, kept), result)

    return await call.run(
        command,
        lambda done: done.thing,
        location=lambda _: f"/v1/contribution-drafts/{id}",
        version=lambda done: done.thing.version,
    )


@router.get("/contribution-drafts")
async def list_drafts(
    call: Reader,
    paging: Annotated[PageQuery, Depends()],
    organisation: Annotated[str | None, Query(max_length=100, description="Code, or registry number")] = None,
) -> Page[DraftView]:
    """The drafts of one's own organisations by id, those that were declared among them."""
    try:
        after = UUID(paging.after[0]) if paging.after else store.NO_ID
    except ValueError:
        raise CursorUnreadable from None

    async def find(tx: Tx) -> list[DraftView]:
        own = call.actor.organisations
        if organisation is not None:
            own &= {await named(tx, organisation)} - {None}
        found = await store.drafts(tx, own, after, paging.limit + 1)
        codes = await codes_of(tx, {each.organisation_id for each in found})
        return [DraftView.of(each, codes[each.organisation_id]) for each in found]

    return paging.page(await call.read(find), lambda view: view, lambda view: [view.id])


@router.get("/contribution-drafts/{id}", response_model=DraftView)
async def get_draft(id: UUID, call: Reader, response: Response) -> DraftView:
    """One draft of one's own organisation, with what became of it."""
    view = await call.read(lambda tx: _seen(tx, id, call))
    response.headers["ETag"] = f'"{view.version}"'
    return view


@router.get("/contribution-drafts/{id}/prospect")
async def foresee_draft(id: UUID, call: Reader) -> ProspectView:
    """What would become of it if it were declared now, with every problem in words; nothing is refused by asking."""
    by, found = await call.person(), await call.read(lambda tx: _found(tx, id, call))
    if found.state == "declared":
        raise DraftDeclared()
    came = await _arrival(call, found, by)
    if isinstance(came, tuple):
        return ProspectView(outcome="incomplete", problems=told(came))
    desk = _desk(call)
    answers = await desk.ask([came])
    try:
        async with call.database.transaction(intake.regions([came]), call.context) as tx:
            raise _Foreseen(await commands.foresee(tx, came, answers, desk.keys, at=call.at))
    except _Foreseen as seen:
        receipt = seen.receipt
    return ProspectView.model_validate(
        {
            "outcome": receipt.outcome,
            "problems": tuple(_plain(each, receipt.id) for each in receipt.reasons),
            "minutes": receipt.minutes,
            "value_cents": receipt.value_cents,
            "rule": receipt.rule,
        }
    )


@router.post("/contribution-drafts/{id}/declaration", response_model=DraftView)
async def declare_draft(id: UUID, call: Writer) -> Response:
    """Declares a draft: judged and booked as any other record, once. Declared again, the answer is what became of it.

    What is held waits for the programme office; what is refused can be mended and declared anew.
    """
    by, own, expected = await call.person(), call.actor.organisations, call.expected_version
    found, region, desk = await call.read(lambda tx: _found(tx, id, call)), call.consortium_id, _desk(call)
    came = await _arrival(call, found, by) if found.to_declare else ()
    answers = await desk.ask([came]) if isinstance(came, Arrival) else {}
    record_id = came.id if isinstance(came, Arrival) else _record_id()

    async def command(tx: Tx) -> DraftView:
        now = await commands.declare(
            tx, region, id, own, answers, desk.keys, record_id=record_id, expected=expected, by=by, at=call.at
        )
        return await _view(tx.within(region), now)

    return await call.run(command, lambda view: view, version=lambda view: view.version, among={NOBODY})


@router.post("/contribution-drafts/{id}/withdrawal", response_model=DraftView)
async def take_draft_back(id: UUID, call: Writer) -> Response:
    """Takes back what was declared: out of the books at once, also when it is on hold; of what was accepted the
    programme office decides. In a closed period nothing is taken back."""
    by, own, expected = await call.person(), call.actor.organisations, call.expected_version
    region, desk = call.consortium_id, _desk(call)

    async def command(tx: Tx) -> DraftView:
        now = await commands.take_back(tx, region, id, own, desk.keys, expected=expected, by=by, at=call.at)
        return await _view(tx.within(region), now)

    return await call.run(command, lambda view: view, version=lambda view: view.version, among={NOBODY})


@router.delete("/contribution-drafts/{id}", status_code=204)
async def delete_draft(id: UUID, call: Writer) -> Response:
    """Takes a draft away; one of which a record was booked, or waited for a person, stays."""
    own, expected = call.actor.organisations, call.expected_version
    return await call.run(lambda tx: commands.delete(tx, id, own, expected=expected), lambda _: None)


def _desk(call: Call) -> IntakeDesk:
    desk: IntakeDesk = call.request.app.state.intake
    return desk


async def _arrival(call: Call, found: Draft, by: UUID) -> Arrival | tuple[Reason, ...]:
    return await call.read(
        lambda tx: commands.arrival(tx, found, record_id=_record_id(), by=by, context=call.context, at=call.at)
    )


def _record_id() -> str:
    return f"draft-{ids.new_id()}"


def _plain(reason: ReceiptReason, record_id: str) -> ReceiptReason:
    message = reason.message
    (plain,) = by_hand((Reason(reason.code, reason.field, message["nl"], message["en"]),), record_id)
    return reason.model_copy(update={"message": {"nl": plain.nl, "en": plain.en}})


async def _found(tx: Tx, id: UUID, call: Call) -> Draft:
    found = await store.one(tx, id, call.actor.organisations)
    if found is None:
        raise NotFound(what="draft with this id")
    return found


async def _seen(tx: Tx, id: UUID, call: Call) -> DraftView:
    return await _view(tx, await _found(tx, id, call))


async def _view(tx: Tx, found: Draft) -> DraftView:
    return DraftView.of(found, (await codes_of(tx, {found.organisation_id}))[found.organisation_id])

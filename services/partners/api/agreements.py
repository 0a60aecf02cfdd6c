"""Agreements over HTTP. What a party fills in is shown to itself and the programme office, and only by a GET."""

from collections.abc import Collection
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import Field
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Others, Page, PageQuery, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.partners.api.speaking import CODE, READ, READERS, WRITE, Code, CodeText, Title, named, organisation_id
from services.partners.commands import agreements as commands
from services.partners.domain.agreements import Agreement, AgreementState, Blank, Party, PartyRole, Signature
from services.partners.domain.periods import Period
from services.partners.store import agreements as store
from services.partners.store import organisations

router = APIRouter(prefix="/v1")

OrganisationCode = Annotated[str, Path(pattern=CODE, max_length=80, description="Code of one of the parties")]
SIGNERS = ("office", "school", "company")


class BlankModel(ApiModel):
    """A field that each party fills in; a required one before it signs."""

    key: CodeText
    label: Title
    required: bool = True


class PartyBody(ApiModel):
    """An organisation that signs. Only a `party` gets standing; whoever `counts` is waited for."""

    organisation: CodeText
    role: PartyRole = PartyRole.PARTY
    counts: bool = True


class AgreementBody(ApiModel):
    """An agreement, as it is put. `from` and `until` are the days it is about, apart from the signing window."""

    title: Title
    text: Annotated[str, Field(min_length=1, max_length=200_000)]
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="until")]
    sign_from: date | None = None
    sign_until: date | None = None
    fields: Annotated[list[BlankModel], Field(default_factory=list, max_length=50)]
    parties: Annotated[list[PartyBody], Field(max_length=1000)]


class AgreementRef(ApiModel):
    """How far an agreement is. `signed` of the `of` parties that count have signed."""

    id: UUID
    code: str
    title: str
    text_hash: str
    state: AgreementState
    signed: int
    of: int
    in_force_since: date | None
    version: int


class PartyView(PartyBody):
    """A party: the person who signed and when, and what it filled in (absent when that is not yours to see)."""

    organisation_id: UUID
    fields: dict[str, str] | None
    signed_by: UUID | None
    signed_on: date | None
    place: str | None


class AgreementView(AgreementRef):
    """An agreement with its text and parties."""

    text: str
    first_day: Annotated[date, Field(alias="from")]
    last_day: Annotated[date, Field(alias="until")]
    sign_from: date | None
    sign_until: date | None
    fields: list[BlankModel]
    parties: list[PartyView]


class FilledIn(ApiModel):
    """What a party fills in, by the keys of the agreement's fields; in place of what it filled in before."""

    fields: dict[CodeText, Annotated[str, Field(max_length=500)]]


class SignatureBody(ApiModel):
    """A signature: the hash of the text that was read (SHA-256, as the agreement shows it), the day and the place."""

    organisation: CodeText
    text_hash: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    signed_on: date
    place: Title | None = None


@router.put("/agreements/{code}", response_model=AgreementRef)
async def put_agreement(code: Code, body: AgreementBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Draws an agreement up, or changes the draft; once it was circulated only the same again is accepted."""
    wanted = Agreement(
        ids.coded_id(call.consortium_id, "agreement", code),
        code,
        body.title,
        body.text,
        Period(body.first_day, body.last_day),
        body.sign_from,
        body.sign_until,
        tuple(Blank(each.key, each.label, each.required) for each in body.fields),
        tuple(Party(organisation_id(call, each.organisation), each.role, each.counts) for each in body.parties),
    )
    codes = named(call, (each.organisation for each in body.parties))
    return await call.run(
        lambda tx: commands.put_agreement(tx, wanted, codes),
        lambda put: _reference(put.thing),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/agreements/{put.thing.code}",
    )


@router.post("/agreements/{code}/circulation", response_model=AgreementRef)
async def circulate(code: Code, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Fixes the text and lays it before the parties; again does nothing."""
    return await call.run(
        lambda tx: commands.circulate(tx, code, call.at),
        lambda put: _reference(put.thing),
        version=lambda put: put.thing.version,
    )


@router.put("/agreements/{code}/parties/{organisation}", response_model=AgreementRef)
async def fill_in(
    code: Code,
    organisation: OrganisationCode,
    body: FilledIn,
    call: Annotated[Call, may("office", "school", "company", scope=WRITE, others=Others.REFUSED)],
) -> Response:
    """Fills in the fields of one party, until it has signed: by the party itself, or by the programme office."""
    party = organisation_id(call, organisation)
    call.check_organisation(party)
    return await call.run(
        lambda tx: commands.fill_in(tx, code, party, body.fields),
        lambda put: _reference(put.thing),
        version=lambda put: put.thing.version,
    )


@router.post("/agreements/{code}/signatures", response_model=AgreementRef, status_code=201)
async def sign(
    code: Code,
    body: SignatureBody,
    call: Annotated[Call, may(*SIGNERS, scope=WRITE, others=Others.REFUSED, bound=SIGNERS)],
) -> Response:
    """Signs for an organisation that the token is for, also at the office; the last brings it into force."""
    party = organisation_id(call, body.organisation)
    call.check_organisation(party)
    signature = Signature(await call.person(), body.signed_on, body.place)
    return await call.run(
        lambda tx: commands.sign(tx, code, party, signature, body.text_hash, call.at),
        lambda put: _reference(put.thing),
        version=lambda put: put.thing.version,
        location=lambda put: f"/v1/agreements/{put.thing.code}",
    )


@router.get("/agreements/{code}")
async def get_agreement(
    code: Code, call: Annotated[Call, may(*READERS, scope=READ, others=Others.HIDDEN)]
) -> AgreementView:
    """One agreement. A school or company sees those it signs, once circulated."""

    async def read(tx: Tx) -> AgreementView:
        found = await store.agreement(tx, code)
        if found is None or not _may_see(call, found):
            raise NotFound(what="agreement")
        codes = await organisations.codes(tx, [each.organisation_id for each in found.parties])
        return _view(found, codes, None if "office" in call.actor.roles else call.actor.organisations)

    return await call.read(read)


@router.get("/agreements")
async def list_agreements(
    call: Annotated[Call, may("office", "controller", "accountant", "operator", scope=READ)],
    paging: Annotated[PageQuery, Depends()],
) -> Page[AgreementRef]:
    """Agreements by code."""
    after = paging.after[0] if paging.after else ""
    rows = await call.read(lambda tx: store.agreements_after(tx, after, paging.limit + 1))
    return paging.page(rows, _reference, lambda each: [each.code])


def _may_see(call: Call, agreement: Agreement) -> bool:
    if call.own is None:
        return True
    signing = {each.organisation_id for each in agreement.parties}
    return agreement.state is not AgreementState.DRAFT and bool(signing & call.own)


def _reference(found: Agreement) -> AgreementRef:
    return AgreementRef(
        id=found.id,
        code=found.code,
        title=found.title,
        text_hash=found.text_hash,
        state=found.state,
        signed=found.counting_signed,
        of=found.counting,
        in_force_since=found.in_force_since,
        version=found.version,
    )


def _view(found: Agreement, codes: dict[UUID, str], own: Collection[UUID] | None) -> AgreementView:
    """`own`: whose filled-in fields may be seen; None for all."""
    assert found.validity.last is not None
    return AgreementView(
        **_reference(found).model_dump(by_alias=False),
        text=found.text,
        first_day=found.validity.first,
        last_day=found.validity.last,
        sign_from=found.sign_from,
        sign_until=found.sign_until,
        fields=[BlankModel(key=each.key, label=each.label, required=each.required) for each in found.blanks],
        parties=[_party(each, codes[each.organisation_id], own) for each in found.parties],
    )


def _party(found: Party, code: str, own: Collection[UUID] | None) -> PartyView:
    signature = found.signature
    return PartyView(
        organisation=code,
        organisation_id=found.organisation_id,
        role=found.role,
        counts=found.counts,
        fields=dict(found.filled_in) if own is None or found.organisation_id in own else None,
        signed_by=signature and signature.person_id,
        signed_on=signature and signature.signed_on,
        place=signature and signature.place,
    )

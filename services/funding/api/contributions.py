"""Contributions over HTTP: to read, to verify, to reject and to accept."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import ConfigDict, StringConstraints
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Others, Page, PageQuery, Reach, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.asking import hands
from services.funding.api.scheme_terms import RuleView
from services.funding.api.speaking import READ, READERS, WRITE
from services.funding.commands import contributions as commands
from services.funding.commands import days
from services.funding.domain.contribution import Contribution, SchoolWord
from services.funding.domain.rejection import SENTENCES, Code, reason
from services.funding.domain.value_source import ValueSource, value_source
from services.funding.store import contributions as store
from services.funding.store import partners, schemes

State = Literal["declared", "verified", "accepted", "held", "reversed", "rejected"]
router = APIRouter(prefix="/v1", tags=["contributions"])


class RejectionView(ApiModel):
    """Why a contribution was rejected: a code of `/v1/rejection-codes`, what it says of this one, and by whom."""

    code: str
    message: dict[str, str]
    rejected_by: UUID


class RejectionCodeView(ApiModel):
    """A reason to reject a contribution, and what whoever declared it reads, per language."""

    code: str
    message: dict[str, str]


class ContributionView(ApiModel):
    """A contribution: worked minutes, and their value in cents by the rule it names.

    Every step is somebody else's: declared by a person (`declaredBy`) or a system (`sender`), verified by rule, by the
    school or by the office (`verifiedHow`), and accepted; above an amount `approvedBy` accepted it first. `schoolWord`:
    what the school that received it says, where a rule asks that.
    """

    id: UUID
    organisation_id: UUID
    line: str
    day: date
    kind: str
    minutes: int
    value_cents: int
    rule: str
    origin: str
    activity_id: UUID | None
    activity_ref: str | None
    state: str
    sender: str | None
    record_id: str | None
    declared_by: UUID | None
    verified_by: UUID | None
    verified_how: Literal["rule", "school", "office"] | None
    approved_by: UUID | None
    accepted_by: UUID | None
    school_id: UUID | None
    school_word: SchoolWord | None
    rejection: RejectionView | None
    version: int

    @classmethod
    def of(cls, found: Contribution) -> "ContributionView":
        kept = {name: getattr(found, name) for name in cls.model_fields if name != "rejection"}
        why = None
        if found.rejected_code is not None and found.rejected_by is not None:
            said = reason(found, found.rejected_code, found.rejected_note or "")
            message = {"nl": said.nl, "en": said.en}
            why = RejectionView(code=found.rejected_code, message=message, rejected_by=found.rejected_by)
        return cls(**kept, rejection=why)


class ValueSourceView(ApiModel):
    """Where the cents come from: a rate, the price that was declared (`basis` says what that rests on), or a cap; with
    the rules that said so, their sources and, where the region chose for itself, its reason."""

    how: Literal["rate", "own-price", "cap", "no-scheme"]
    basis: str | None
    rules: tuple[RuleView, ...]

    @classmethod
    def of(cls, found: ValueSource) -> "ValueSourceView":
        return cls(how=found.how, basis=found.basis, rules=tuple(RuleView.of(each) for each in found.rules))


class ContributionDetail(ContributionView):
    """A contribution with where its value comes from, and its journal entries in order."""

    value_source: ValueSourceView
    entries: tuple[UUID, ...]


class RejectionBody(ApiModel):
    """Why it does not count: a code of `/v1/rejection-codes`, and what to add for whoever declared it; no names of
    people."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"code": "less-delivered", "note": "Er was één docent, niet twee."}]}
    )

    code: Code
    note: Annotated[str, StringConstraints(max_length=300)] = ""


class AcceptanceBody(ApiModel):
    """Accept everything that was verified, for days up to and including this one."""

    up_to: date


class AcceptanceView(ApiModel):
    """What a batch accepted. `approved`: worth so much that two must accept it, and this person is the first.

    `leftForAnother`: this person declared, verified or approved those, so somebody else must accept.
    """

    batch_id: UUID
    accepted: int
    minutes: int
    value_cents: int
    approved: int
    left_for_another: int


@router.get("/contributions")
async def list_contributions(
    call: Annotated[Call, may(*READERS, scope=READ)],
    paging: Annotated[PageQuery, Depends()],
    state: Annotated[State | None, Query(description="Only those in this state")] = None,
    organisation: Annotated[str | None, Query(max_length=100, description="Code, or registry number")] = None,
    line: Annotated[str | None, Query(max_length=100, description="Code of a spearhead or location")] = None,
) -> Page[ContributionView]:
    """The contributions of the region by id: all, or those in a state, of an organisation, for a line."""
    try:
        after = UUID(paging.after[0]) if paging.after else UUID(int=0)
    except ValueError:
        raise CursorUnreadable from None

    async def find(tx: Tx) -> list[Contribution]:
        whose = await partners.organisation_by_reference(tx, organisation) if organisation else None
        if organisation and whose is None:
            return []
        only = whose.id if whose is not None else None
        return await store.after(tx, after, paging.limit + 1, state=state, organisation_id=only, line=line)

    return paging.page(await call.read(find), ContributionView.of, lambda found: [found.id])


@router.get("/contributions/{id}")
async def read_contribution(id: UUID, call: Annotated[Call, may(*READERS, scope=READ)]) -> ContributionDetail:
    """One contribution, with where its value comes from, and the journal entries that were booked for it."""

    async def find(tx: Tx) -> tuple[Contribution, ValueSource, list[UUID]]:
        found = await store.one(tx, id)
        if found is None:
            raise NotFound(what="contribution")
        at, basis = await store.valued(tx, id)
        rules = [rule for scheme in await schemes.schemes(tx) for rule in scheme.rules]
        source = value_source(found, basis, rules, await days.local_day(tx, at or call.at))
        return found, source, await store.entry_ids(tx, id)

    found, source, entries = await call.read(find)
    return ContributionDetail(
        **ContributionView.of(found).model_dump(), value_source=ValueSourceView.of(source), entries=tuple(entries)
    )


@router.get("/rejection-codes")
async def list_rejection_codes(
    call: Annotated[
        Call, may(*READERS, "company", "school", "sender", scope=READ, reach=Reach.INSTALLATION, others=Others.SHOWN)
    ],
) -> list[RejectionCodeView]:
    """The reasons for which a contribution is rejected, and what whoever declared it reads."""
    return [
        RejectionCodeView(code=code, message={"nl": f"{nl}.", "en": f"{en}."}) for code, (nl, en) in SENTENCES.items()
    ]


@router.post("/contributions/{id}/verification", response_model=ContributionView)
async def verify_contribution(id: UUID, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """A person found a declared contribution right: not who declared it; somebody else has to accept it."""
    who = await hands(call)
    return await call.run(lambda tx: commands.verify(tx, id, hands=who, at=call.at), ContributionView.of)


@router.post("/contributions/{id}/rejection", response_model=ContributionView)
async def reject_contribution(
    id: UUID, body: RejectionBody, call: Annotated[Call, may("office", "controller", scope=WRITE)]
) -> Response:
    """It does not count: what it booked is undone, and whoever declared it reads why and may declare it anew.

    What was accepted is rejected by a controller who did not accept it.
    """
    who, controls = await hands(call), "controller" in call.actor.roles
    return await call.run(
        lambda tx: commands.reject(tx, id, body.code, body.note, hands=who, controls=controls, at=call.at),
        ContributionView.of,
    )


@router.post("/contributions/{id}/acceptance", response_model=ContributionView)
async def accept_contribution(id: UUID, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Accepts one that was verified, which this person neither declared nor verified.

    Where it is worth so much that two must (the scheme's rule `approval`), the first approves it and it stays verified;
    it is accepted at the second, who is somebody else.
    """
    who, batch_id = await hands(call), ids.new_id()
    return await call.run(
        lambda tx: commands.accept_one(tx, id, batch_id=batch_id, hands=who, at=call.at), ContributionView.of
    )


@router.post("/contribution-acceptances", status_code=201, response_model=AcceptanceView)
async def accept_contributions(body: AcceptanceBody, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Accepts in a batch what was verified: from now on it counts as realised."""
    who, batch_id = await hands(call), ids.new_id()
    return await call.run(
        lambda tx: commands.accept(tx, body.up_to, batch_id=batch_id, hands=who, at=call.at),
        lambda made: AcceptanceView(
            batch_id=batch_id,
            accepted=len(made.accepted),
            minutes=sum(each.minutes for each in made.accepted),
            value_cents=sum(each.value_cents for each in made.accepted),
            approved=len(made.approved),
            left_for_another=made.left_for_another,
        ),
        status=201,
    )

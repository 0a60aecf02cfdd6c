"""Contributions over HTTP: to read, and to accept."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from runtime import ids
from runtime.http import ApiModel, Call, Page, PageQuery, may
from runtime.http.paging import CursorUnreadable
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.scheme_terms import RuleView
from services.funding.api.speaking import READ, READERS, WRITE
from services.funding.commands import contributions as commands
from services.funding.commands import days
from services.funding.domain.contribution import Contribution
from services.funding.domain.value_source import ValueSource, value_source
from services.funding.store import contributions as store
from services.funding.store import partners, schemes

State = Literal["declared", "verified", "accepted", "held", "reversed", "rejected"]
router = APIRouter(prefix="/v1", tags=["contributions"])


class ContributionView(ApiModel):
    """A contribution: worked minutes, and their value in cents by the rule it names."""

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
    version: int

    @classmethod
    def of(cls, found: Contribution) -> "ContributionView":
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


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


class AcceptanceBody(ApiModel):
    """Accept everything that was verified, for days up to and including this one."""

    up_to: date


class AcceptanceView(ApiModel):
    """What a batch accepted. `leftForAnother`: this person declared or verified those, so somebody else must accept."""

    batch_id: UUID
    accepted: int
    minutes: int
    value_cents: int
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


@router.post("/contributions/{id}/verification", response_model=ContributionView)
async def verify_contribution(id: UUID, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """A person found a declared contribution right; somebody else has to accept it."""
    by = await call.person()
    return await call.run(lambda tx: commands.verify(tx, id, by=by, at=call.at), ContributionView.of)


@router.post("/contribution-acceptances", status_code=201, response_model=AcceptanceView)
async def accept_contributions(body: AcceptanceBody, call: Annotated[Call, may("controller", scope=WRITE)]) -> Response:
    """Accepts in a batch what was verified: from now on it counts as realised."""
    by, batch_id = await call.person(), ids.new_id()
    return await call.run(
        lambda tx: commands.accept(tx, body.up_to, batch_id=batch_id, by=by, at=call.at),
        lambda made: AcceptanceView(
            batch_id=batch_id,
            accepted=len(made.accepted),
            minutes=sum(each.minutes for each in made.accepted),
            value_cents=sum(each.value_cents for each in made.accepted),
            left_for_another=made.left_for_another,
        ),
        status=201,
    )

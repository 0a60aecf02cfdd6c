"""Grants over HTTP."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from runtime.http import ApiModel, Call, Upserted, may
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.api.speaking import READ, READERS, WRITE, Code, CodeText, Sentence
from services.funding.commands import grants as commands
from services.funding.domain.grant import Grant
from services.funding.store import grants as store

router = APIRouter(prefix="/v1", tags=["grants"])
Cents = Annotated[int, Field(ge=0, le=10**15)]


class GrantBody(ApiModel):
    """An award in cents, for a period given by its first and last day."""

    scheme: CodeText
    cents: Annotated[int, Field(gt=0, le=10**15)]
    from_: Annotated[date, Field(alias="from")]
    until: date
    awarded_on: date


class SupplementBody(ApiModel):
    """More money (0 or more), and the grant's last day from then on. Repeating a code changes nothing."""

    code: CodeText
    cents: Cents
    until: date
    awarded_on: date
    reason: Sentence = ""


class GrantView(ApiModel):
    code: str
    scheme: str
    awarded_cents: int
    cents: int
    from_: Annotated[date, Field(alias="from")]
    until: date
    awarded_on: date
    supplements: tuple[SupplementBody, ...]
    version: int

    @classmethod
    def of(cls, grant: Grant) -> "GrantView":
        return cls(
            code=grant.code,
            scheme=grant.scheme,
            awarded_cents=grant.awarded_cents,
            cents=grant.cents,
            from_=grant.from_,
            until=grant.until,
            awarded_on=grant.awarded_on,
            supplements=tuple(
                SupplementBody(
                    code=added.code,
                    cents=added.cents,
                    until=added.until,
                    awarded_on=added.awarded_on,
                    reason=added.reason,
                )
                for added in grant.supplements
            ),
            version=grant.version,
        )


@router.get("/grants")
async def list_grants(call: Annotated[Call, may(*READERS, scope=READ)]) -> list[GrantView]:
    """The region's grants, oldest first."""
    return [GrantView.of(grant) for grant in await call.read(store.grants)]


@router.get("/grants/{code}")
async def get_grant(code: Code, call: Annotated[Call, may(*READERS, scope=READ)]) -> GrantView:
    """One grant with its supplements."""
    found = await call.read(lambda tx: store.grants(tx, code))
    if not found:
        raise NotFound(what="grant with this code")
    return GrantView.of(found[0])


@router.put("/grants/{code}", response_model=GrantView)
async def put_grant(code: Code, body: GrantBody, call: Annotated[Call, may("office", scope=WRITE)]) -> Response:
    """Registers an award. The same award again changes nothing; another one under this code is refused."""

    async def command(tx: Tx) -> Upserted[Grant]:
        return Upserted(
            *await commands.put_grant(
                tx, code, body.scheme, body.cents, body.from_, body.until, body.awarded_on, at=call.at
            )
        )

    return await call.run(command, lambda done: GrantView.of(done.thing), version=lambda done: done.thing.version)


@router.post("/grants/{code}/supplements", status_code=201, response_model=GrantView)
async def supplement_grant(
    code: Code, body: SupplementBody, call: Annotated[Call, may("office", scope=WRITE)]
) -> Response:
    """Adds a supplement to a grant."""

    async def command(tx: Tx) -> Upserted[Grant]:
        return Upserted(
            *await commands.supplement_grant(
                tx, code, body.code, body.cents, body.until, body.awarded_on, body.reason, at=call.at
            )
        )

    return await call.run(command, lambda done: GrantView.of(done.thing), version=lambda done: done.thing.version)

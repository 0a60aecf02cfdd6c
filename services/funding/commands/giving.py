"""The file of grants for 360Giving, page by page, each page in a short transaction of its own."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.domain import giving
from services.funding.domain.giving import (
    LeadPartnerUnclear,
    NothingGranted,
    Party,
    Payment,
    PrefixMissing,
    Publication,
)
from services.funding.domain.grant import Grant
from services.funding.store import giving as store
from services.funding.store import grants, instalments, partners, schemes
from services.funding.store.partners import Organisation

PAGE = 1_000
Open = Callable[[], AbstractAsyncContextManager[Tx]]


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is in a file: its head, the grants to the lead partner, and how many rows it will have."""

    about: Publication
    zone: ZoneInfo
    lead_partner: UUID
    grants: tuple[Grant, ...]
    first: tuple[dict[str, Any], ...]
    titles: dict[str, str]
    rows: int


async def prepare(
    tx: Tx, prefix: str, funder: Party, lead_partners: frozenset[UUID], named: str | None, *, at: datetime
) -> Prepared:
    """What is about to be published. Raises PrefixMissing, LeadPartnerUnclear, NothingGranted and NotFound."""
    if not giving.PREFIX.fullmatch(prefix):
        raise PrefixMissing
    region = await partners.consortium(tx)
    leading = await _leading(tx, lead_partners, named)
    awarded = await grants.grants(tx)
    if not awarded:
        raise NothingGranted
    numbers = leading.registry_numbers.items()
    about = Publication(
        prefix,
        region.code,
        region.currency,
        region.language,
        funder,
        Party(giving.org_id(leading.code, numbers, prefix), leading.name),
        at,
    )
    titled = {each.code: each.title for each in await schemes.schemes(tx)}
    first = [
        giving.to_lead_partner(each, titled.get(each.scheme, each.scheme), await _received(tx, each.id), about)
        for each in awarded
    ]
    return Prepared(
        about,
        region.zone,
        leading.id,
        tuple(awarded),
        tuple(first),
        {line.code: line.title for line in reversed(await partners.lines(tx))},
        len(awarded) + await store.given_on_total(tx, leading.id),
    )


async def write(opening: Open, made: Prepared) -> AsyncIterator[tuple[int, bytes]]:
    """The file, chunk by chunk: how many grants a chunk holds, and what there is to send."""
    head = json.dumps(giving.package(made.about), ensure_ascii=False)
    yield 0, f'{head[:-1]}, "grants": [\n'.encode()
    yield len(made.first), ",\n".join(_text(each) for each in made.first).encode()
    after: UUID | None = None
    while True:
        async with opening() as tx:
            found, after = await store.given_on(
                tx, made.lead_partner, after, PAGE, prefix=made.about.prefix, zone=made.zone, titles=made.titles
            )
        if not found:
            break
        page = [giving.given_on(each, made.grants, made.about) for each in found]
        yield len(page), "".join(f",\n{_text(each)}" for each in page).encode()
    yield 0, b"\n]}\n"


def _text(grant: dict[str, Any]) -> str:
    return json.dumps(grant, ensure_ascii=False)


async def _leading(tx: Tx, found: frozenset[UUID], named: str | None) -> Organisation:
    if named is not None:
        known = await partners.organisation_by_reference(tx, named)
        if known is None:
            raise NotFound(what="organisation with this code")
        return known
    if len(found) != 1:
        raise LeadPartnerUnclear(count=len(found))
    organisations = await partners.organisations(tx, found)
    if not organisations:
        raise NotFound(what="lead partner here yet")
    return organisations[0]


async def _received(tx: Tx, grant_id: UUID) -> list[Payment]:
    """The instalments that stand."""
    return [
        Payment(each.code, each.received_on, each.cents)
        for each in await instalments.instalments(tx, grant_id)
        if each.reversed_by is None
    ]

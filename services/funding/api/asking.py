"""What routes look up before their command: the programme, and organisations by what people call them."""

from collections.abc import Collection
from typing import Protocol
from uuid import UUID

from runtime.http import Call
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.domain.programme import NoProgramme, Programme
from services.funding.store import partners, programmes
from services.funding.store.partners import Organisation


class ProgrammeDirectory(Protocol):
    """Knows the programme of a region as its owner has it now."""

    async def programme(self, consortium_id: UUID) -> Programme | None: ...


async def programme_with(call: Call, lines: Collection[str]) -> Programme:
    """The programme to check these lines against: the copy, unless it lacks one of them, then as its owner has it.

    No line is refused on a copy that is merely late. Raises NoProgramme, and Unavailable when the owner is away.
    """
    known = await call.read(programmes.programme)
    if known is not None and all(line in known.lines for line in lines):
        return known
    directory: ProgrammeDirectory | None = getattr(call.request.app.state, "programmes", None)
    told = await directory.programme(call.consortium_id) if directory is not None else None
    if known is not None and told is not None:
        return known.with_(told)
    found = known or told
    if found is None:
        raise NoProgramme()
    return found


async def organisation(call: Call, code: str) -> Organisation:
    """The organisation with this code. Raises NotFound."""

    async def found(tx: Tx) -> Organisation | None:
        return await partners.organisation_by_reference(tx, code)

    known = await call.read(found)
    if known is None or known.code != code:
        raise NotFound(what="organisation with this code")
    return known

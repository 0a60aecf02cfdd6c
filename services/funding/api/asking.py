"""What routes look up before their command: the programme, and organisations by what people call them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from runtime import ids
from runtime.http import Call
from runtime.postgres import Tx
from runtime.problems import NotFound, Unavailable
from services.funding.commands.intake import Arrival, Question
from services.funding.domain.contribution import Hands
from services.funding.domain.fingerprints import Fingerprints
from services.funding.domain.programme import NoProgramme, Programme
from services.funding.store import partners, programmes
from services.funding.store.partners import Organisation


class ProgrammeDirectory(Protocol):
    """Knows the programme of a region as its owner has it now."""

    async def programme(self, consortium_id: UUID) -> Programme | None: ...


class AudienceDirectory(Protocol):
    """Knows which organisations are in an audience."""

    async def organisations(self, consortium_id: UUID, audiences: Collection[str]) -> frozenset[UUID]: ...


class IntakeDesk(Protocol):
    """Finds out what must be known before records are taken in, and has the keys that they are compared with."""

    @property
    def keys(self) -> Fingerprints: ...

    async def ask(self, arrivals: Sequence[Arrival]) -> Mapping[Question, bool]: ...


_CODED = {
    "organisation": "organisation",
    "umbrella": "organisation",
    "group": "working-group",
    "agreement": "agreement",
}
"""What an audience of one thing names by its code, and as what that code becomes an id."""


async def audience(call: Call, named: Collection[str]) -> frozenset[UUID]:
    """The organisations of audiences that are named with codes or ids. Raises RemoteProblem and Unavailable."""
    directory: AudienceDirectory | None = getattr(call.request.app.state, "audiences", None)
    if directory is None:
        raise Unavailable(what="partners", retry_after_seconds=2)
    return await directory.organisations(call.consortium_id, [_by_id(call.consortium_id, each) for each in named])


def _by_id(consortium_id: UUID, named: str) -> str:
    """The audience by id; what is no audience is left for its owner to refuse."""
    kind, _, code = named.partition(":")
    if kind not in _CODED or not code:
        return named
    try:
        return f"{kind}:{UUID(code)}"
    except ValueError:
        return f"{kind}:{ids.coded_id(consortium_id, _CODED[kind], code)}"


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


async def hands(call: Call) -> Hands:
    """Who takes a step with a contribution: a person, and the company's system that the account is. Raises
    PersonUnknown.
    """
    return Hands(await call.person(), call.actor.sender)


async def organisation(call: Call, code: str) -> Organisation:
    """The organisation with this code. Raises NotFound."""

    async def found(tx: Tx) -> Organisation | None:
        return await partners.organisation_by_reference(tx, code)

    known = await call.read(found)
    if known is None or known.code != code:
        raise NotFound(what="organisation with this code")
    return known

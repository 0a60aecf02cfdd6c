"""Who speaks for whom: the roles and organisations of a token, in the words of the rules."""

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query

from runtime.http import Call
from runtime.http.paging import CursorUnreadable
from services.activities.domain.activities import Party, Speaker

READERS = ("office", "controller", "school", "company", "accountant")
READ, WRITE = "activities:read", "activities:write"

LineQuery = Annotated[str | None, Query(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$", description="Only of this line")]
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9.-]{0,79}$", description="Code, unique in the region")]


def cursor_id(text: str) -> UUID:
    """The id in a cursor. Raises CursorUnreadable."""
    try:
        return UUID(text)
    except ValueError:
        raise CursorUnreadable from None


async def speaker_of(call: Call, *, named: bool = False) -> Speaker:
    """The caller as the rules know them; `named` asks partners which person it is, before any transaction."""
    roles = call.actor.roles & frozenset(call.access.roles)  # what others let them do elsewhere does not count
    parties = frozenset(party for party in Party if party.value in roles)
    if "sender" in roles:  # a system speaks for whatever its organisations are
        parties |= {Party.SCHOOL, Party.COMPANY}
    return Speaker(parties, call.actor.organisations, await call.person() if named else None)

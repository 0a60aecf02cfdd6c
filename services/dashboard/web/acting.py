"""What a signed-in operator does: replay and discard dead letters, with a trace of who did it."""

from collections.abc import Awaitable
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from runtime.problems import InvalidInput, Problem
from services.dashboard.clients import Consoles
from services.dashboard.store import Q
from services.dashboard.web.guard import SentByOperators, Visit

router = APIRouter(include_in_schema=False)
LONGEST_REASON = 500


@router.post("/regions/{code}/dead-letters/replay")
async def replay(visit: SentByOperators) -> Response:
    """Handles one dead letter again."""
    service, letter = await _which(visit)
    consoles: Consoles = visit.request.app.state.consoles
    return _back(
        visit,
        await _done(visit, service, "replay", letter, None, consoles.replay(service, str(letter), visit.session.token)),
    )


@router.post("/regions/{code}/dead-letters/replay-all")
async def replay_all(visit: SentByOperators) -> Response:
    """Handles again all that ended for one reason at one service, the oldest first."""
    sent = await visit.request.form()
    service, reason = str(sent.get("service", "")), str(sent.get("reason_code", ""))
    consoles: Consoles = visit.request.app.state.consoles
    said = {"handled": "0"}
    for name, letter in await consoles.dead_letters(visit.session.token):
        if name == service and letter.code == reason:
            doing = consoles.replay(service, letter.id, visit.session.token)
            said = await _done(visit, service, "replay", UUID(letter.id), None, doing)
    return _back(visit, said)


@router.post("/regions/{code}/dead-letters/discard")
async def discard(visit: SentByOperators) -> Response:
    """Gives one up, with a reason."""
    service, letter = await _which(visit)
    reason = str((await visit.request.form()).get("reason", "")).replace("\0", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise InvalidInput(summary=f"say why, in at most {LONGEST_REASON} characters.")
    consoles: Consoles = visit.request.app.state.consoles
    doing = consoles.discard(service, str(letter), reason, visit.session.token)
    return _back(visit, await _done(visit, service, "discard", letter, reason, doing))


async def _which(visit: Visit) -> tuple[str, UUID]:
    sent = await visit.request.form()
    try:
        return str(sent.get("service", "")), UUID(str(sent.get("id", "")))
    except ValueError:
        raise InvalidInput(summary="the id of a dead letter is a UUID.") from None


async def _done(
    visit: Visit, service: str, what: str, letter: UUID, reason: str | None, doing: Awaitable[int]
) -> dict[str, str]:
    """Does it, and keeps who did what with which outcome; what to tell on the page that follows."""
    try:
        outcome, said = "done", {"handled": str(await doing)}
    except Problem as problem:
        outcome, said = problem.code, {"failed": problem.code}
    actor = visit.session.actor.key
    await Q.note_doing.execute(visit.database.pool, uuid4(), actor, service, what, letter, reason, outcome)
    return said


def _back(visit: Visit, said: dict[str, str]) -> Response:
    """To the page as it is now; loading that again does nothing twice."""
    return RedirectResponse(f"/regions/{visit.here.code}/dead-letters?{urlencode(said)}", 303)

"""Signing in and out, the language, and the files that pages need."""

import json
import mimetypes
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse

from runtime.http import anyone
from runtime.problems import InvalidInput, NotFound
from services.dashboard.settings import Settings
from services.dashboard.web.guard import LANGUAGE_COOKIE, Sent
from services.dashboard.web.oidc import Attempt, Provider, SignInFailed
from services.dashboard.web.pages import templates
from services.dashboard.web.sessions import Sessions
from services.dashboard.web.speaking import LANGUAGES, Speech, preferred

router = APIRouter(include_in_schema=False)
ATTEMPT_COOKIE = "speerpunt-sign-in"
ATTEMPT_SECONDS = 600
YEAR_SECONDS = 365 * 86_400
STATIC = Path(__file__).with_name("static")


def redirect_address(request: Request) -> str:
    """Where the sign-in service sends the browser back to."""
    settings: Settings = request.app.state.settings
    return f"{settings.public_url or str(request.base_url).rstrip('/')}/sign-in/callback"


@router.get("/sign-in", dependencies=[anyone()])
async def sign_in(request: Request, after: str = "/") -> Response:
    """Sends the browser to the sign-in service."""
    provider: Provider = request.app.state.provider
    attempt = Attempt.new(_ours(after))
    answer = RedirectResponse(await provider.address(attempt, redirect_address(request)), 303)
    answer.set_cookie(
        ATTEMPT_COOKIE,
        json.dumps(asdict(attempt)).encode().hex(),
        max_age=ATTEMPT_SECONDS,
        path="/sign-in",
        secure=request.app.state.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.get("/sign-in/callback", dependencies=[anyone()])
async def callback(request: Request, code: str = "", state: str = "", error: str = "") -> Response:
    """The browser is back: its code becomes a session, if it is an answer to this browser's own attempt."""
    provider: Provider = request.app.state.provider
    sessions: Sessions = request.app.state.sessions
    try:
        attempt = Attempt(**json.loads(bytes.fromhex(request.cookies.get(ATTEMPT_COOKIE, ""))))
    except (ValueError, TypeError):
        raise SignInFailed(why="this browser did not ask for it, or too long ago") from None
    if not state or state != attempt.state:
        raise SignInFailed(why="the answer belongs to another attempt")
    if error or not code:
        raise SignInFailed(why="the sign-in service said no")
    cookie = await sessions.begin(await provider.exchange(code, attempt, redirect_address(request)))
    answer = RedirectResponse(_ours(attempt.after), 303)
    answer.delete_cookie(ATTEMPT_COOKIE, path="/sign-in")
    answer.set_cookie(
        request.app.state.session_cookie,
        cookie,
        path="/",
        secure=request.app.state.secure,
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/sign-out")
async def sign_out(visit: Sent) -> Response:
    """Ends the session here."""
    request = visit.request
    sessions: Sessions = request.app.state.sessions
    await sessions.end(request.cookies.get(request.app.state.session_cookie, ""))
    answer = RedirectResponse("/signed-out", 303)
    answer.delete_cookie(request.app.state.session_cookie, path="/")
    return answer


@router.get("/signed-out", dependencies=[anyone()])
async def signed_out(request: Request) -> Response:
    """A page that says so; it shows nothing else."""
    return outside(request, 200, "signed-out", "")


@router.get("/language/{language}", dependencies=[anyone()])
async def language(request: Request, language: str, after: str = "/") -> Response:
    """Remembers the language of this browser."""
    if language not in LANGUAGES:
        raise InvalidInput(summary=f"the language is one of {', '.join(LANGUAGES)}.")
    answer = RedirectResponse(_ours(after), 303)
    answer.set_cookie(
        LANGUAGE_COOKIE, language, max_age=YEAR_SECONDS, path="/", secure=request.app.state.secure, samesite="lax"
    )
    return answer


@router.get("/static/{name}", dependencies=[anyone()])
async def static(name: str) -> Response:
    """The style sheet and the scripts."""
    known = {path.name: path for path in STATIC.iterdir()}
    if name not in known:
        raise NotFound(what="file with this name")
    kind = mimetypes.guess_type(name)[0] or "text/plain"
    return FileResponse(known[name], media_type=kind, headers={"Cache-Control": "max-age=3600"})


def outside(request: Request, status: int, title: str, sentence: str) -> HTMLResponse:
    """A page for who is not signed in, or for what went wrong."""
    say = Speech(preferred(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language")))
    text = templates.get_template("outside.html.jinja").render(say=say, title=say(title), sentence=sentence)
    return HTMLResponse(text, status)


def _ours(after: str) -> str:
    """The address to go to afterwards, as long as it is one of this site: never a way out of it."""
    parts = urlsplit(after)
    ours = not parts.scheme and not parts.netloc and after.startswith("/") and not after.startswith(("//", "/\\"))
    return after if ours and "\\" not in after and after.isprintable() else "/"

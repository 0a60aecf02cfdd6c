"""Who may see a page: every page declares its roles, and is told which region, in which language."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Request

from runtime.access import Access
from runtime.auth import RoleMissing
from runtime.http.access import Guard
from runtime.postgres import Database
from runtime.problems import InvalidInput, Kind, NotFound, Problem
from services.dashboard.store import Q
from services.dashboard.web.sessions import Session, Sessions
from services.dashboard.web.speaking import Speech, preferred

LANGUAGE_COOKIE = "speerpunt-language"
OFFICE = ("office", "controller", "accountant")
OPERATORS = ("operator",)
EVERYONE = (*OFFICE, *OPERATORS)


class NotSignedIn(Problem, kind=Kind.UNAUTHENTICATED):
    """You are not signed in, or were signed out after a while. Sign in to go on."""


class FormNotOurs(Problem, kind=Kind.FORBIDDEN):
    """This form was not sent from a page of ours, or its page is too old. Load the page again and repeat it."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region as a page shows it; `closed_since` when it takes no commands any more."""

    id: UUID
    code: str
    name: str
    zone: str
    currency: str
    language: str
    closed_since: datetime | None = None
    closed_reason: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a signed-in person for a page of a region (`region` is None where a page is of no region)."""

    request: Request
    session: Session
    database: Database
    regions: tuple[Region, ...]
    region: Region | None
    speech: Speech
    on: date

    @property
    def everywhere(self) -> bool:
        """Whether this is an operator, of the whole installation."""
        return "operator" in self.session.actor.roles

    @property
    def here(self) -> Region:
        """The region of this page."""
        if self.region is None:
            raise NotFound(what="region with this code")
        return self.region


class PageGuard(Guard):
    """The dependency of a page: session, roles, and the region among those that this person may see."""

    def __init__(self, access: Access, *, form: bool = False) -> None:
        super().__init__(access)
        self.form = form

    async def __call__(self, request: Request) -> Visit:  # type: ignore[override]
        state = request.app.state
        sessions: Sessions = state.sessions
        session = await sessions.find(request.cookies.get(state.session_cookie))
        if session is None:
            raise NotSignedIn()
        if self.form:
            await _check_form(request, session)
        if not session.actor.roles & set(self.access.roles):
            raise RoleMissing(roles=", ".join(sorted(self.access.roles)))
        database: Database = state.database
        if "operator" in session.actor.roles:
            rows = await Q.all_regions.rows(database.pool)
        else:
            rows = await Q.regions.rows(database.pool, sorted(session.actor.consortia, key=str))
        regions = tuple(Region(*row) for row in rows)
        code = request.path_params.get("code")
        region = next((each for each in regions if each.code == code), None)
        if code is not None and region is None:
            raise NotFound(what="region with this code")
        of = region or (regions[0] if len(regions) == 1 else None)
        language = preferred(
            request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language"), of.language if of else "nl"
        )
        speech = Speech(language, of.currency, of.zone) if of else Speech(language)
        return Visit(request, session, database, regions, region, speech, _day(request, speech))


def _page(*roles: str) -> Any:
    return Depends(PageGuard(Access(roles, None)))


def _form(*roles: str) -> Any:
    return Depends(PageGuard(Access(roles, None), form=True))


Seen = Annotated[Visit, _page(*EVERYONE)]
"""A page for whoever may see the dashboard."""
SeenByOperators = Annotated[Visit, _page(*OPERATORS)]
"""A page for operators only."""
Sent = Annotated[Visit, _form(*EVERYONE)]
"""A form, which has to come from a page of ours, for whoever may see the dashboard."""
SentByOperators = Annotated[Visit, _form(*OPERATORS)]
"""A form for operators only."""


async def _check_form(request: Request, session: Session) -> None:
    """The token of the page is in the form; a browser that tells where the form is from tells our own address."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    sent = (await request.form()).get("csrf")
    if site not in ("same-origin", "none") or not isinstance(sent, str) or sent != session.csrf:
        raise FormNotOurs()


def _day(request: Request, speech: Speech) -> date:
    asked = request.query_params.get("on")
    if not asked:
        return speech.today()
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise InvalidInput(summary="the day in the address must exist, written as 2023-03-06.") from None


def sign_in_address(request: Request) -> str:
    """Where somebody who is not signed in goes first, to come back here."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?after={quote(here if request.method == 'GET' else '/', safe='')}"

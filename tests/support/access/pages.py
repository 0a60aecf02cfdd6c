"""The same cells for the pages of the dashboard: every page and form, as a signed-in browser asks for it."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from fastapi.routing import APIRoute

from runtime.access import Access, Reach, Verdict
from runtime.http.access import declared
from services.dashboard.app import ROUTERS
from services.dashboard.web.oidc import Tokens
from tests.support.access.asgi import Answer
from tests.support.access.cells import NOBODY, Cell, Two, cells, leaked, told
from tests.support.access.installation import Installation, Who

CALLBACK = "/sign-in/callback"
EVERYWHERE = "operator"
"""Who sees all regions of the installation."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page, or one form of it, and who may have it."""

    method: str
    path: str
    access: Access

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def of_a_region(self) -> bool:
        return "{code}" in self.path


def access_of(route: APIRoute) -> Access:
    """Who may have a page. One with a region in its address shows that; any other what a person may see."""
    found = declared([each.call for each in route.dependant.dependencies if each.call is not None])
    if found is None:
        raise ValueError(f"{route.path} does not say who may have it")
    return replace(found, reach=Reach.NAMED if "{code}" in route.path else Reach.REGION)


def pages() -> list[Page]:
    """Every page of the dashboard."""
    return [
        Page(method, route.path, access_of(route))
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in sorted(route.methods or ())
    ]


def asked(page: Page) -> Iterator[Cell]:
    """The cells of a page: one of no region has no foreign one, and scopes are of the API."""
    for cell in cells(page.access):
        if cell.scoped and not cell.beside and (cell.where == "ours" or (page.of_a_region and cell.where == "by name")):
            yield cell


def expected(page: Page, cell: Cell) -> Verdict:
    if cell.role == EVERYWHERE and cell.role in page.access.roles:
        return Verdict.ALLOWED
    return cell.verdict(page.access)


@dataclass
class Browsers:
    """Signed-in browsers, one per person, and what their forms repeat."""

    installation: Installation
    signed_in: dict[Who, tuple[str, str]] = field(default_factory=dict)

    async def of(self, who: Who) -> tuple[str, str]:
        """The cookie, and the token of the forms."""
        if who not in self.signed_in:
            sessions: Any = self.installation.services["dashboard"].service.http.state.sessions
            bearer = (await self.installation.issuer.authorization(who)).removeprefix("Bearer ")
            cookie = await sessions.begin(Tokens(access=bearer, refresh=None, until=time.time() + 600))
            found = await sessions.find(cookie)
            self.signed_in[who] = cookie, found.csrf
        return self.signed_in[who]

    async def ask(self, page: Page, cell: Cell, two: Two) -> str:
        """Asks for a page, and what is wrong with what came; nothing when it is as declared."""
        region = two.ours if cell.where == "ours" else two.neighbour
        known = {"code": region.code, "service": "funding", "letter": region.own.id("x"), "language": "nl"}
        address = page.path.format(**known, name="style.css")
        who, verdict = cell.who(two, page.access), expected(page, cell)
        headers, form = {}, {"service": "funding", "id": str(region.own.id("x")), "reason": "niets"}
        if who is not None:
            cookie, form["csrf"] = await self.of(who)
            headers["Cookie"] = f"speerpunt={cookie}"
        sent = {"data": form} if page.method == "POST" else {}
        answer = await self.installation.ask("dashboard", page.method, address, None, headers, **sent)
        if wrong := _wrong(page, cell, verdict, answer):
            return f"{page.name}: {cell}: {answer.status_code}: {wrong}"
        shows_all = cell.role == EVERYWHERE and verdict is Verdict.ALLOWED
        if what := "" if shows_all else leaked(page.access, cell, two, address, verdict, told(answer)):
            return f"{page.name}: {cell}: {answer.status_code}: {what}"
        return ""


def _wrong(page: Page, cell: Cell, verdict: Verdict, answer: Answer) -> str:
    status = answer.status_code
    to_sign_in = status == 303 and answer.headers["location"].startswith("/sign-in")
    if status >= 500:
        return "a fault of ours"
    if page.path == CALLBACK:
        return "" if status == 401 else "whoever comes back without having been sent is sent away"
    if verdict is Verdict.ALLOWED:
        return "declared to be shown, and kept back" if status in (401, 403) or to_sign_in else ""
    if cell.role == NOBODY:
        return "" if to_sign_in else "whoever is not signed in is sent to sign in"
    wanted = 404 if cell.role in page.access.roles else 403
    return "" if status == wanted else f"declared to be kept back ({wanted})"

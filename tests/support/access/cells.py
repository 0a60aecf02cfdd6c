"""The cells of the matrix: who asks for whose, what is declared to become of it, and what is wrong with what did."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace

from runtime.access import Access, Reach, Verdict
from runtime.auth import ROLES
from runtime.ids import new_id
from tests.support.access.asgi import Answer
from tests.support.access.asks import Route
from tests.support.access.installation import Installation, Who
from tests.support.access.region import Region
from tests.support.access.watch import UUIDS

NOBODY = "nobody"
"""In place of a role: a request without a token."""


@dataclass(frozen=True, slots=True)
class Two:
    """Our region, and a neighbour on the same installation; `theirs` are the ids that only the neighbour has."""

    ours: Region
    neighbour: Region
    theirs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cell:
    """Somebody of our region who asks for something.

    `where`: of our region, of the neighbour's by its ids with our region in the token, or of the neighbour's with the
    neighbour named as the region. `own`: whether their organisation is the one whose things they are. `scoped`: whether
    the token has the scope. `beside`: whether the token has all roles that the route does not name as well.
    """

    role: str
    where: str = "ours"
    own: bool = True
    scoped: bool = True
    beside: bool = False

    @property
    def everywhere(self) -> bool:
        """Whether this is a service that asks in the name of the neighbour: it acts for all of them."""
        return self.role == "service" and self.where == "by name"

    def verdict(self, access: Access) -> Verdict:
        if self.role == NOBODY:
            return access.verdict(None, own_region=True, own_organisation=True)
        if not self.scoped and access.roles:
            return Verdict.DENIED
        elsewhere = access.reach is Reach.NAMED or (access.reach is Reach.MANDATES and self.role == "sender")
        own_region = self.where == "ours" or (self.where == "by id" and not elsewhere)
        return access.verdict(self.role, own_region=own_region, own_organisation=self.own)

    def who(self, two: Two, access: Access) -> Who | None:
        if self.role == NOBODY:
            return None
        region = two.ours
        more = tuple(sorted(ROLES - set(access.roles) - {self.role})) if self.beside else ()
        side = region.own if self.own else region.other
        return region.who(self.role, side, more=more, scopes=None if self.scoped else ())

    def __str__(self) -> str:
        said = [self.role, self.where, "own organisation" if self.own else "another organisation"]
        return ", ".join([*said, *(["no scope"] if not self.scoped else []), *(["more roles"] if self.beside else [])])


def cells(access: Access) -> Iterator[Cell]:
    """All that is asked of one route: every role, own and foreign region, own and foreign organisation."""
    yield Cell(NOBODY)
    for role in sorted(ROLES):
        named = role in access.roles
        for own in (True, False):
            for where in ("ours", "by id", "by name") if named else ("ours", "by name"):
                yield Cell(role, where, own)
        if named:
            yield Cell(role, scoped=False)
        if role in access.bound:
            yield Cell(role, own=False, beside=True)


def told(answer: Answer) -> str:
    """All that an answer tells, headers and what is packed included; in lower case."""
    body = answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            body = b"\n".join(packed.read(name) for name in packed.namelist())
    return "\n".join([*answer.headers.values(), body.decode("utf-8", "replace")]).lower()


@dataclass(frozen=True, slots=True)
class Observed:
    """What became of one cell, and what is wrong with it; nothing when `wrong` is empty."""

    route: Route
    cell: Cell
    expected: Verdict
    status: int
    code: str
    wrong: str
    shows_own: bool
    """Whether the answer shows something of our region's own organisations."""

    def but(self, wrong: str) -> "Observed":
        """The same, with something wrong that was only seen afterwards."""
        return replace(self, wrong=wrong)

    def __str__(self) -> str:
        return f"{self.route.service} {self.route.name}: {self.cell}: {self.status} {self.code}: {self.wrong}"


async def observe(installation: Installation, route: Route, access: Access, cell: Cell, two: Two) -> Observed:
    """Asks, and compares what became of it with what is declared."""
    region = two.ours if cell.where == "ours" else two.neighbour
    asked = route.ask(region, cell.role)
    headers = {"Content-Type": asked.media_type} if asked.content is not None else {}
    if route.method == "POST":
        headers["Idempotency-Key"] = str(new_id())
    if cell.where == "by name":
        headers["Consortium-Id"] = str(two.neighbour.id)
    address = route.address(asked)
    answer = await installation.ask(
        route.service, route.method, address, cell.who(two, access), headers, **asked.sent()
    )
    expected, said = cell.verdict(access), told(answer)
    wrong = _wrong(route, access, cell, two, expected, answer, said)
    wrong = wrong or leaked(access, cell, two, f"{asked.path} {asked.query} {asked.body}", expected, said)
    return Observed(route, cell, expected, answer.status_code, _code(answer), wrong, two.ours.own.secret in said)


def _code(answer: Answer) -> str:
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return ""
    return str(answer.json().get("code", ""))


def _refused_in_receipts(answer: Answer) -> bool:
    """Whether a batch of records was refused, record by record: how the intake says that somebody has no mandate."""
    if answer.status_code != 200 or not answer.headers["content-type"].startswith("application/json"):
        return False
    counts = answer.json().get("counts", {}) if isinstance(answer.json(), dict) else {}
    return bool(counts.get("refused")) and counts.get("booked", 0) == counts.get("held", 0) == 0


def _wrong(route: Route, access: Access, cell: Cell, two: Two, expected: Verdict, answer: Answer, said: str) -> str:
    status = answer.status_code
    if status >= 500:
        return f"a fault of ours: {answer.text[:300]}"
    if expected is Verdict.ALLOWED:
        if cell.where == "by id":
            return ""  # what is not there, or of an organisation of theirs: how it is refused is the route's to choose
        return f"declared to be let in, and refused: {answer.text[:300]}" if status in (401, 403) else ""
    if expected is Verdict.HIDDEN:
        if status == 404:
            return ""
        mark = two.neighbour.own.secret if cell.own else two.ours.own.secret
        listed = status == 200 and route.lists and mark not in said
        return "" if listed else "what is another organisation's has to be not found, or left out of a list"
    wanted = {401} if cell.role == NOBODY else {403}
    if cell.role in access.bound and not cell.own and cell.scoped:
        wanted |= {404}
        if cell.where != "by name" and _refused_in_receipts(answer):
            return ""
    if access.reach is Reach.MANDATES and cell.role == "sender" and _refused_in_receipts(answer):
        return ""
    return "" if status in wanted else f"declared to be refused ({sorted(wanted)})"


def leaked(access: Access, cell: Cell, two: Two, sent: str, expected: Verdict, said: str) -> str:
    """What an answer tells that is not the caller's, and that the question did not say already."""
    if (access.reach is Reach.INSTALLATION or cell.everywhere) and expected is Verdict.ALLOWED:
        return ""
    if two.neighbour.own.secret in said or two.neighbour.other.secret in said:
        return "tells what is the neighbour's"
    if ids := [each for each in UUIDS.findall(said) if each in two.theirs and each not in sent]:
        return f"tells ids that are the neighbour's: {ids[:3]}"
    by_mandate = access.reach is Reach.MANDATES and cell.own  # whatever is asked, it is told what is its own
    if expected is not Verdict.ALLOWED and not by_mandate and two.ours.own.secret in said:
        return "tells what is another organisation's, or of a region that the caller may not see"
    return ""

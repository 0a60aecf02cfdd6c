"""Who may use a door: what each route and method declares, and what follows from it for whoever knocks.

The rules here are pure. `runtime.http` and `runtime.rpc` hold callers to them, docs/access.md is made from them,
and the test of the matrix compares them with what the services really do.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

OF_AN_ORGANISATION = frozenset({"school", "company", "sender"})
"""Roles of somebody who acts for organisations, not for a region: their token, or the mandates of the sender, say for
which. A route that they may use says what they get of what is others'."""


class Reach(StrEnum):
    """Which regions a request can touch."""

    REGION = "region"
    """One region of the token; the door refuses any other before the route is entered."""
    NAMED = "named"
    """The region that the path names, when it is one of the token; the route refuses any other."""
    MANDATES = "mandates"
    """For a sender the regions in which it has a mandate, for others as `REGION`."""
    INSTALLATION = "installation"
    """None: what is asked belongs to no region."""


class Others(StrEnum):
    """What somebody who acts for organisations gets of what is another organisation's in the same region."""

    SHOWN = "shown"
    """The same as of their own."""
    HIDDEN = "hidden"
    """Nothing: it is not found, and left out of lists."""
    REFUSED = "refused"
    """A refusal that says so: that it exists is no secret, or follows from what was asked."""


class Verdict(StrEnum):
    """What becomes of a request."""

    ALLOWED = "allowed"
    DENIED = "denied"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route: one of these roles, with this scope. No roles means anyone at all.

    `bound` are the roles that get no more of other organisations than `others` says: those of an organisation, unless
    the route binds more.
    """

    roles: tuple[str, ...]
    scope: str | None
    reach: Reach = Reach.REGION
    others: Others | None = None
    bound: frozenset[str] = frozenset()

    def checks_region(self, roles: Iterable[str]) -> bool:
        """Whether the door itself holds this caller to the regions of the token."""
        return self.reach is Reach.REGION or (self.reach is Reach.MANDATES and "sender" not in set(roles))

    def binds(self, roles: Iterable[str]) -> bool:
        """Whether somebody with these roles gets what is of their own organisations only: no role lets them in here
        that is not bound. What other roles let them do elsewhere does not count."""
        return not set(roles) & (set(self.roles) - self.bound)

    def verdict(self, role: str | None, *, own_region: bool, own_organisation: bool) -> Verdict:
        """What becomes of somebody with this one role (None: no token) and the scope, who asks for what is of their
        own region or organisation or of another."""
        if not self.roles:
            return Verdict.ALLOWED
        if role is None or role not in self.roles:
            return Verdict.DENIED
        if self.reach is Reach.MANDATES and role == "sender":
            own_organisation = own_organisation and own_region
        elif not own_region and role != "service" and self.reach is not Reach.INSTALLATION:
            return Verdict.DENIED
        if not own_organisation and role in self.bound:
            return {Others.REFUSED: Verdict.DENIED, Others.HIDDEN: Verdict.HIDDEN}.get(
                self.others or Others.REFUSED, Verdict.ALLOWED
            )
        return Verdict.ALLOWED

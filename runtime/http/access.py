"""Every route declares who may use it; `create_app` refuses a route that does not."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from fastapi import Depends, Request

from runtime.access import OF_AN_ORGANISATION, Access, Others, Reach
from runtime.http.call import Call


class Guard:
    """The dependency of a route: checks the token against the declared access and hands over the call."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __call__(self, request: Request) -> Call:
        return await Call.of(request, self.access)


def may(
    *roles: str,
    scope: str,
    others: Others | None = None,
    reach: Reach = Reach.REGION,
    bound: Collection[str] = OF_AN_ORGANISATION,
) -> Any:
    """Declares that a caller with one of these roles and this scope may use the route; gives its `Call`.

    A route for schools, companies or senders says what they get of `others`; it may hold more roles to that with
    `bound`. `reach` says whose things it touches: one region, unless it says otherwise.
    """
    return Depends(Guard(Access(roles, scope, reach, others, frozenset(bound) & frozenset(roles))))


async def _nobody_in_particular() -> None:
    return None


def anyone() -> Any:
    """Declares that a route needs no token."""
    return Depends(_nobody_in_particular)


def declared(dependencies: list[Callable[..., Awaitable[Any]]]) -> Access | None:
    """The access that a route's dependencies declare, or None when they declare nothing."""
    for each in dependencies:
        if isinstance(each, Guard):
            return each.access
        if each is _nobody_in_particular:
            return Access((), None)
    return None

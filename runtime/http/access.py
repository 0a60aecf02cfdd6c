"""Every route declares who may use it; `create_app` refuses a route that does not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Depends, Request

from runtime.http.call import Call


@dataclass(frozen=True, slots=True)
class Access:
    """Who may use a route: one of these roles, with this scope. No roles means anyone at all."""

    roles: tuple[str, ...]
    scope: str | None


class Guard:
    """The dependency of a route: checks the token against the declared access and hands over the call."""

    def __init__(self, access: Access) -> None:
        self.access = access

    async def __call__(self, request: Request) -> Call:
        return await Call.of(request, self.access.roles, self.access.scope)


def may(*roles: str, scope: str) -> Any:
    """Declares that a caller with one of these roles and this scope may use the route; gives its `Call`."""
    return Depends(Guard(Access(roles, scope)))


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

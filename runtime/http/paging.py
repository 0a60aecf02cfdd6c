"""Keyset pagination: a page names the last key it gave, and the next page goes on from there."""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict

from runtime.problems import Kind, Problem

T = TypeVar("T")
MOST = 200


class CursorUnreadable(Problem, kind=Kind.INVALID):
    """The query parameter 'after' is not a cursor this service gave. Start again without it."""


class Page(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor for `after`, absent on the last page."""

    model_config = ConfigDict(frozen=True)

    items: list[T]
    next: str | None = None


class PageQuery:
    """The dependency of a list: `limit` (at most 200) and `after`."""

    def __init__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=MOST, description="At most this many items")] = 50,
        after: Annotated[str | None, Query(max_length=500, description="The cursor of the page before")] = None,
    ) -> None:
        self.limit = limit
        self.after = _decoded(after) if after else None
        self._request = request
        self._response = response

    def page(self, rows: Sequence[Any], present: Callable[[Any], T], key: Callable[[Any], Sequence[Any]]) -> Page[T]:
        """A page of rows that were fetched with `limit + 1`; sets the Link header when there is more."""
        shown = rows[: self.limit]
        following = None
        if len(rows) > self.limit:
            following = _encoded([str(part) for part in key(shown[-1])])
            address = self._request.url.include_query_params(after=following, limit=self.limit)
            self._response.headers["Link"] = f'<{address.path}?{address.query}>; rel="next"'
        return Page(items=[present(row) for row in shown], next=following)


def _encoded(parts: list[str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def _decoded(cursor: str) -> list[str]:
    try:
        parts = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        raise CursorUnreadable() from None
    if not isinstance(parts, list) or not parts or not all(isinstance(part, str) for part in parts):
        raise CursorUnreadable()
    return parts

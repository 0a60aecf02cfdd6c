"""Tables as files, written a page at a time: what is in memory is one page, whatever the size of the whole."""

from collections.abc import Sequence
from typing import Any, Protocol

Rows = Sequence[Sequence[Any]]


class TableFile(Protocol):
    """Writes one table. What each step returns is to be sent before the next."""

    def begin(self) -> bytes: ...

    def rows(self, rows: Rows) -> bytes: ...

    def end(self) -> bytes: ...

"""Where the relay begins to read: it keeps polling quick however many numbers have been given out."""

from dataclasses import dataclass
from typing import Any

from runtime.relay.watching import Q


@dataclass(slots=True)
class Floor:
    """Raised in two steps: take the last number and who is writing; once all of those have ended it is safe."""

    safe: int = 0
    candidate: int = 0
    writers: frozenset[str] | None = None

    async def rise(self, connection: Any) -> bool:
        """One step towards a higher floor, cheap enough for every idle round; whether it is as high as it can be."""
        if self.writers is None:
            last = await Q.last_seq.value(connection)
            if last <= self.safe:
                return True
            writing = await Q.writers.rows(connection)
            self.candidate, self.writers = last, frozenset(row["virtualtransaction"] for row in writing)
        else:
            writing = await Q.writers.rows(connection)
            self.writers &= {row["virtualtransaction"] for row in writing}
        if self.writers:
            return False
        lowest = await Q.lowest.value(connection, self.safe)
        self.safe = self.candidate if lowest is None else min(self.candidate, lowest - 1)
        self.writers = None
        return True

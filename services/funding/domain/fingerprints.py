"""Keyed hashes of what was claimed and where. Regions compare these and nothing else: without the key they tell
nothing, and with it only that something was claimed elsewhere already."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

Claimed = tuple[bytes, bytes]
"""The fingerprint of a thing, and of the place where it is claimed."""
Where = tuple[UUID, UUID, str]
"""Region, organisation and line: there, several records may share a thing."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Claims are made under `key`. Those made under a key `before` it are recognised as long as that one is given."""

    key: bytes
    before: tuple[bytes, ...] = ()

    @property
    def number(self) -> int:
        """How many keys there are."""
        return 1 + len(self.before)

    def evidence(self, digests: Iterable[str], where: Where) -> list[Claimed]:
        """Of pieces of evidence by their SHA-256: all under the present key, then all under each before it."""
        return self._of([f"evidence|{digest}" for digest in digests], where)

    def worker(self, time: tuple[str, ...], where: Where) -> list[Claimed]:
        """Of a worker's time: the number of the company, the sender, its reference of the worker, day, minutes, and
        its reference of the activity or nothing."""
        return self._of([f"worker|{time!r}"], where)

    def _of(self, things: list[str], where: Where) -> list[Claimed]:
        return [
            (hmac.digest(key, thing.encode(), "sha256"), _place(key, where))
            for key in (self.key, *self.before)
            for thing in things
        ]


@lru_cache(maxsize=4096)
def _place(key: bytes, where: Where) -> bytes:
    """The same few places come with every record."""
    region, organisation, line = where
    return hmac.digest(key, f"place|{region}|{organisation}|{line}".encode(), "sha256")

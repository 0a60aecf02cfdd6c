"""Organisations that may declare the same hours: one company and its branches, an umbrella and its members."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

Who = tuple[UUID, UUID]
"""Region and organisation."""


@dataclass(slots=True)
class Kin:
    """What is known of the organisations at hand.

    `branches` share a number in a public register with an organisation. `umbrellas` are those through which it takes
    part or, of an umbrella, those that take part through it; `under` are the umbrellas among these, itself included.
    """

    branches: dict[Who, set[UUID]] = field(default_factory=dict)
    umbrellas: dict[Who, set[UUID]] = field(default_factory=dict)
    under: dict[Who, set[UUID]] = field(default_factory=dict)

    def whole(self, region: UUID, organisation: UUID) -> set[UUID]:
        """The organisation with its branches."""
        branches = self.branches.get((region, organisation)) if self.branches else None
        return {organisation, *branches} if branches else {organisation}

    def wholes(self, touched: Iterable[Who]) -> list[Who]:
        """These and their branches, in the order in which they are locked."""
        return sorted({(region, each) for region, found in touched for each in self.whole(region, found)})

    def akin(self, region: UUID, organisation: UUID) -> set[UUID]:
        """The umbrellas, or the members, of the organisation as a whole."""
        if not self.umbrellas:
            return set()
        whole = self.whole(region, organisation)
        return {each for one in whole for each in self.umbrellas.get((region, one), ())} - whole

    def add_member(self, region: UUID, member: UUID, umbrella: UUID) -> None:
        """That an organisation takes part, or took part, through an umbrella."""
        self.umbrellas.setdefault((region, member), set()).add(umbrella)
        self.umbrellas.setdefault((region, umbrella), set()).add(member)
        self.under.setdefault((region, member), set()).add(umbrella)
        self.under.setdefault((region, umbrella), set()).add(umbrella)

    def buckets(self, region: UUID, organisation: UUID) -> set[int]:
        """The locks of its umbrellas: whoever books time under one of them takes the same."""
        if not self.under:
            return set()
        return {
            company_bucket(f"{region}/{each}")
            for one in self.whole(region, organisation)
            for each in self.under.get((region, one), ())
        }


@lru_cache(maxsize=4096)
def company_bucket(name: str) -> int:
    """One of 4,096 locks beyond those of activities and evidence: who books time of one company in any region, or under
    one umbrella, takes the same."""
    return 256 + int.from_bytes(sha256(name.encode()).digest()[:2]) % 4_096

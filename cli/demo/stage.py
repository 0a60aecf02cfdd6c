"""What every act of the story has: the running services, the region, the people who act, and a voice."""

import asyncio
import time
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import httpx2

from cli.ground import Ground
from cli.operators import Operators
from cli.portal import Portal
from cli.region import Region
from cli.region.model import Person
from deploy.kafka import senders
from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login
from runtime import ids

AT_ONCE = 12
SCHOOLS = frozenset({"vmbo", "mbo", "hogeschool", "university"})
T = TypeVar("T")


class DemoFailed(Exception):
    """Something that must hold does not; the message says what."""


@dataclass(slots=True)
class Stage:
    """One region being played."""

    region: Region
    stack: Ground
    client: httpx2.AsyncClient
    operators: Operators
    began: float
    office: Portal
    controller: Portal
    second_account: Portal
    people: dict[str, Portal] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)
    """How each company's system connects to Kafka, once it was admitted."""

    @classmethod
    async def set(cls, region: Region, stack: Ground, client: httpx2.AsyncClient, began: float) -> "Stage":
        """The stage with the office and its controller signed in. Raises DemoFailed when the region has neither."""
        tenant = ids.consortium_id(region.code)
        proposer, approver = officers(region)

        async def sign_in(subject: str, role: str) -> Portal:
            return await Portal.sign_in(client, stack, subject, [role], tenant)

        operators, office, controller, second = await asyncio.gather(
            Operators.sign_in(stack),
            sign_in(proposer.accounts[0], "office"),
            sign_in(approver.accounts[0], "controller"),
            sign_in(proposer.accounts[-1], "controller"),
        )
        return cls(region, stack, client, operators, began, office, controller, second)

    @property
    def tenant(self) -> UUID:
        return ids.consortium_id(self.region.code)

    def organisation_id(self, code: str) -> UUID:
        return ids.coded_id(self.tenant, "organisation", code)

    def say(self, act: str, sentence: str) -> None:
        """Progress for a person at a terminal, at once."""
        print(f"{time.monotonic() - self.began:6.1f} s  {act}: {sentence}", flush=True)

    async def as_person(self, person: Person) -> Portal:
        """This person at a portal, in the role that the person's organisation has."""
        if person.code not in self.people:
            organisation = person.organisation or ""
            kind = self.region.organisation(organisation).kind
            role = "school" if kind in SCHOOLS else "company"
            self.people[person.code] = await Portal.sign_in(
                self.client, self.stack, person.accounts[0], [role], self.tenant, [self.organisation_id(organisation)]
            )
        return self.people[person.code]

    async def admit(self) -> dict[str, Login]:
        """A Kafka user for each company's system of the region, with its own rights and limits.

        One that was admitted in an earlier run gets another password, since nobody kept the first.
        """
        async with Cluster(self.stack.kafka_admin) as cluster:
            for each in self.region.senders:
                if each.code not in self.logins:
                    login = await senders.admit(cluster, each.code)
                    self.logins[each.code] = login or await senders.rotate(cluster, each.code)
        return self.logins

    async def of(self, organisation: str) -> Portal:
        """Somebody of this organisation at a portal. Raises DemoFailed when nobody of it has an account."""
        for person in self.region.persons:
            if person.organisation == organisation and person.accounts:
                return await self.as_person(person)
        raise DemoFailed(
            f"{organisation} has nobody with an account in the region folder, and somebody must act for it."
        )

    async def as_role(self, role: str, subject: str) -> Portal:
        """Somebody in a role of the installation: an operator, an accountant."""
        return await Portal.sign_in(self.client, self.stack, subject, [role], self.tenant)


def officers(region: Region) -> tuple[Person, Person]:
    """Who proposes (with two accounts, if the folder has such a person) and who approves. Raises DemoFailed."""
    found = [each for each in region.persons if "office" in each.roles and each.accounts]
    if len(found) < 2:
        raise DemoFailed(
            "The region folder needs two persons with the role office and an account: four eyes are two people."
        )
    found.sort(key=lambda each: -len(each.accounts))
    return found[0], found[1]


async def together(work: Iterable[Awaitable[T]], at_once: int = AT_ONCE) -> list[T]:
    """Does independent work side by side, so many at once; the answers in the given order."""
    free = asyncio.Semaphore(at_once)

    async def one(each: Awaitable[T]) -> T:
        async with free:
            return await each

    return list(await asyncio.gather(*(one(each) for each in work)))

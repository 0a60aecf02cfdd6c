"""A region with a school, companies, offers and a clock of its own, in a real database; and funding as it can be."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

from runtime.ids import consortium_id
from runtime.postgres import Database
from runtime.problems import NotFound, Problem, Unavailable
from services.activities.commands import catalogue as catalogue_commands
from services.activities.domain.activities import Party, Speaker
from services.activities.domain.catalogue import STANDARD_KINDS
from services.activities.store import catalogue, copies
from services.activities.store.activities import BudgetStep
from services.activities.store.copies import Line, Organisation
from tests.unit.activities.builders import a_request, an_id, an_offer

OFFICE = Speaker(frozenset({Party.OFFICE}), frozenset(), an_id("office"))
SCHOOL = an_id("school")
COMPANIES = tuple(an_id(f"company {n}") for n in range(3))
NOW = datetime(2023, 4, 3, 9, 0, tzinfo=UTC)
AFTER = datetime(2023, 6, 30, 9, 0, tzinfo=UTC)


def a_school(person: str = "teacher") -> Speaker:
    return Speaker(frozenset({Party.SCHOOL}), frozenset({SCHOOL}), an_id(person))


def a_company(number: int = 0, person: str = "engineer") -> Speaker:
    return Speaker(frozenset({Party.COMPANY}), frozenset({COMPANIES[number]}), an_id(person))


async def a_region(database: Database, code: str = "sto-amersfoort") -> UUID:
    """A region with a programme, a school and three companies."""
    region = consortium_id(code)
    async with database.transaction(region) as tx:
        await copies.save_consortium(tx, code, "Europe/Amsterdam", 1)
        for kind in STANDARD_KINDS:
            await catalogue.save_kind(tx, kind, only_new=True)
        lines = [Line("robotisering", "spearhead", "Robotisering"), Line("bouw", "spearhead", "Bouw")]
        await copies.save_programme(tx, an_id("programme"), "sto", (date(2020, 1, 1), date(2024, 12, 31)), lines, 1)
        await copies.save_organisation(tx, Organisation(SCHOOL, "het-element", "Het Element", "vmbo", "Amersfoort"), 1)
        for number, company in enumerate(COMPANIES):
            name = f"Bedrijf {number}"
            await copies.save_organisation(
                tx, Organisation(company, f"bedrijf-{number}", name, "company", "Nijkerk"), 1
            )
    return region


async def with_offers(database: Database, region: UUID, count: int = 3, price_cents: int = 0) -> None:
    """Offers of as many companies, of which the first suits best."""
    for number in range(count):
        async with database.transaction(region) as tx:
            code = f"offer-{number}"
            offer = an_offer(code, company_id=COMPANIES[number], price_cents=price_cents, max_group=28 + 4 * number)
            await catalogue_commands.put_offer(tx, offer, OFFICE, NOW)


async def with_a_request(database: Database, region: UUID) -> str:
    """An open request of the school; its code."""
    async with database.transaction(region) as tx:
        request, _ = await catalogue_commands.put_request(tx, a_request(), OFFICE, NOW)
    return request.code


async def published(superuser_url: str, fact: str) -> list[bytes]:
    """The facts of one type that wait in the outbox, in order."""
    connection = await asyncpg.connect(superuser_url)
    try:
        rows = await connection.fetch(
            "SELECT data FROM outbox WHERE type = $1 ORDER BY seq", f"nl.speerpunt.activities.{fact}.v1"
        )
    finally:
        await connection.close()
    return [row["data"] for row in rows]


class LineIsEmpty(Problem):
    """There is no money left on this line."""


@dataclass
class Treasury:
    """Funding as this service sees it: present or away, with so much money."""

    cents: int = 100_000
    away: bool = False
    reservations: dict[UUID, str] = field(default_factory=dict)

    async def reserve(self, consortium_id: UUID, step: BudgetStep) -> None:
        self._reach()
        if step.activity_id in self.reservations:
            return
        if step.cents > self.cents:
            raise LineIsEmpty
        self.cents -= step.cents
        self.reservations[step.activity_id] = "reserved"

    async def confirm(self, consortium_id: UUID, step: BudgetStep) -> None:
        self._reach()
        self.reservations[step.activity_id] = "confirmed"

    async def release(self, consortium_id: UUID, step: BudgetStep) -> None:
        self._reach()
        if step.activity_id not in self.reservations:
            raise NotFound(what="reservation")
        if self.reservations[step.activity_id] != "released":
            self.cents += step.cents
        self.reservations[step.activity_id] = "released"

    def _reach(self) -> None:
        if self.away:
            raise Unavailable(what="funding")

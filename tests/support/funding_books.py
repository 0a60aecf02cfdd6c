"""Builders for the books: a region with a scheme, a grant and an allocation, as its tests need them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime import ids
from runtime.event import Context
from runtime.postgres import Database, Tx
from services.funding.commands import allocations, grants, schemes
from services.funding.commands.contributions import Confirmed, book_lessons
from services.funding.commands.ledger import post
from services.funding.domain import ledger
from services.funding.domain.allocation import Allocation, Envelope, Fixed, PlannedLine, Share, Weight
from services.funding.domain.chain import SealingKey
from services.funding.domain.contribution import Lesson
from services.funding.domain.ledger import JournalEntry, transfer
from services.funding.domain.programme import Programme, ProgrammeLine
from services.funding.domain.scheme import Cofinancing, Rule, SupplementLimit
from services.funding.sealer import Sealer
from services.funding.store import partners

OFFICE = UUID("018f0000-0000-7000-8000-00000000000a")
CONTROLLER = UUID("018f0000-0000-7000-8000-00000000000b")
AT = datetime(2020, 1, 15, 9, 30, tzinfo=UTC)
SPEARHEADS = ("instroom", "mechatronica", "metaal", "ontwerp", "robotisering", "zorgtechniek")
LOCATIONS = ("beukenrode", "corlaer", "het-element", "maarsbergen", "van-lodenstein")

RULES = (
    Rule("cofinancing-10", Cofinancing(1_000), date(2020, 1, 1), date(2018, 10, 1), "the scheme"),
    Rule("cofinancing-7-5", Cofinancing(750), date(2020, 1, 1), date(2022, 7, 1), "the change of July 2022"),
    Rule("supplement-25", SupplementLimit(2_500), date(2020, 1, 1), date(2023, 5, 1), "the supplement for 2024"),
)

PROGRAMME = Programme(
    date(2020, 1, 1),
    date(2024, 12, 31),
    {line: ProgrammeLine(line, "spearhead", line.title()) for line in SPEARHEADS}
    | {line: ProgrammeLine(line, "location", line.title()) for line in LOCATIONS},
)


def a_plan(*, heaviest: int = 3) -> tuple[Envelope, ...]:
    """Two envelopes: six spearheads by a fixed amount, a share and weights; five locations by weights with a base."""
    spearheads = [
        PlannedLine("instroom", Fixed(50_000_000)),
        PlannedLine("mechatronica", Share(1_500)),
        *(PlannedLine(line, Weight(heaviest - position)) for position, line in enumerate(SPEARHEADS[2:5])),
        PlannedLine("zorgtechniek", Weight(7)),
    ]
    locations = [PlannedLine(line, Weight(21 + 13 * position, 5_000_000)) for position, line in enumerate(LOCATIONS)]
    return (
        Envelope("spearheads", "spearhead", Share(6_000), tuple(spearheads)),
        Envelope("locations", "location", Fixed(380_000_001), tuple(locations)),
    )


def an_entry(
    cents: int, minutes: int = 0, *, line: str = "robotisering", day: date = date(2020, 1, 15)
) -> JournalEntry:
    """An in-kind contribution, declared."""
    organisation = UUID(int=7)
    return JournalEntry(
        ids.new_id(),
        "contribution-declared",
        AT.date(),
        transfer(ledger.declared(line), ledger.contributed(organisation), cents, minutes),
        "hours declared",
        "contribution",
        ids.new_id(),
    )


@dataclass
class Region:
    """One region's books in a database of the test's own."""

    database: Database
    id: UUID = field(default_factory=ids.new_id)
    key: SealingKey = field(default_factory=lambda: SealingKey(Ed25519PrivateKey.generate()))

    @asynccontextmanager
    async def transaction(self, actor: UUID = OFFICE) -> AsyncIterator[Tx]:
        async with self.database.transaction(self.id, Context(actor=str(actor))) as tx:
            yield tx

    async def found(self, code: str = "sto-test", zone: str = "Europe/Amsterdam") -> None:
        """Makes the region known here, as if partners had told."""
        async with self.transaction() as tx:
            await partners.save_consortium(tx, code, zone, "EUR", "nl", 1)

    async def plan(
        self, spearheads: Sequence[str] = SPEARHEADS, locations: Sequence[str] = LOCATIONS, *, free: Sequence[str] = ()
    ) -> None:
        """Makes its programme known here; the spearheads in `free` have no budget."""
        lines = [(line, "spearhead", line.title(), line not in free) for line in spearheads]
        lines += [(line, "location", line.title(), True) for line in locations]
        programme_id = ids.coded_id(self.id, "programme", "2020")
        async with self.transaction() as tx:
            await partners.save_programme(tx, programme_id, "2020", date(2020, 1, 1), date(2024, 12, 31), lines, 1)

    async def organisation(self, code: str, kind: str = "company") -> UUID:
        """Makes an organisation known here; its id."""
        made = partners.Organisation(
            ids.coded_id(self.id, "organisation", code), code, f"{code.title()} B.V.", kind, {}
        )
        async with self.transaction() as tx:
            await partners.save_organisation(tx, made, 1)
        return made.id

    async def grant(self, cents: int = 1_000_000_001) -> None:
        """Registers the scheme and a grant."""
        async with self.transaction() as tx:
            await schemes.put_scheme(tx, "sto", "Sterk Techniekonderwijs", RULES, at=AT)
            await grants.put_grant(
                tx, "sto-2020", "sto", cents, date(2020, 1, 1), date(2023, 12, 31), date(2019, 12, 1), at=AT
            )

    async def propose(
        self, plan: tuple[Envelope, ...] | None = None, by: UUID = OFFICE, day: date = date(2020, 1, 1)
    ) -> Allocation:
        async with self.transaction(by) as tx:
            return await allocations.propose_allocation(
                tx, "verdeling", "sto-2020", plan or a_plan(), day, "first division", PROGRAMME, by=by, at=AT
            )

    async def approve(self, allocation: Allocation, by: UUID = CONTROLLER) -> Allocation:
        async with self.transaction(by) as tx:
            return await allocations.approve_allocation(tx, allocation.id, by=by, at=AT)

    async def book(self, *entries: JournalEntry) -> None:
        async with self.transaction() as tx:
            await post(tx, entries, at=AT)

    def sealer(self, at: datetime = AT) -> Sealer:
        return Sealer(self.database, self.key, clock=lambda: at)


async def book_lesson(tx: Tx, lesson: Lesson, *, at: datetime) -> bool:
    """Has a confirmed lesson book its hours; whether it did."""
    return bool(await book_lessons(tx, [Confirmed(tx.consortium_id, lesson, tx.context)], at=at))

"""P14, P16: postings on one hot account against cold ones, and an allocation against the same in set-based SQL."""

import asyncio
import itertools
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from bench.clock import timed
from bench.measure import Row, Work, compare
from bench.places import PROJECT, Place
from runtime import ids
from runtime.event import Context
from runtime.postgres import Database
from runtime.settings import Settings
from services.funding.commands import ledger as commands
from services.funding.domain.allocation import Envelope, PlannedLine, Weight, plan_lines
from services.funding.domain.ledger import UNALLOCATED, JournalEntry, Posting, contributed, line, verified
from services.funding.store import partners

REGION = ids.consortium_id("bench")
DAY = date(2023, 5, 2)
AT = datetime(2023, 6, 1, 10, tzinfo=UTC)
WRITERS, BATCHES, BATCH = 4, 10, 100
LINES, GRANTS = 1_000, 100
CENTS = 1_234_567_89


async def opened(place: Place) -> tuple[Settings, Database]:
    """A funding database with a region."""
    settings = await place.settings("funding", PROJECT / "services" / "funding" / "migrations")
    database = await Database.open(settings.database_url.get_secret_value(), name="bench", most=WRITERS)
    async with database.transaction(REGION, Context(actor="bench")) as tx:
        await partners.save_consortium(tx, "bench", "Europe/Amsterdam", "EUR", "nl", 1)
    return settings, database


def hours(account: str, number: int) -> JournalEntry:
    """Two hours of somebody, on an account; the counter-account is of an organisation of its own."""
    who = ids.coded_id(REGION, "organisation", f"{account}/{number % BATCH}")
    entry_id = ids.new_id()
    postings = (Posting(account, 10_000, 120), Posting(contributed(who), -10_000, -120))
    return JournalEntry(entry_id, "contribution-verified", DAY, postings, "hours", "contribution", entry_id)


async def write(database: Database, batches: list[list[JournalEntry]]) -> None:
    for batch in batches:
        async with database.transaction(REGION, Context(actor="bench")) as tx:
            await commands.post(tx, batch, at=AT)


async def side(database: Database, turn: int, *, hot: bool) -> Work:
    """Several writers at once: all on one account, or each entry on an account that no other writer has."""
    work: list[list[list[JournalEntry]]] = []
    for writer in range(WRITERS):
        batches = []
        for batch in range(BATCHES):
            names = ["hot"] * BATCH if hot else [f"cold-{writer}-{number}" for number in range(BATCH)]
            batches.append([hours(verified(name), batch * BATCH + place) for place, name in enumerate(names)])
        work.append(batches)
    with timed() as clock:
        await asyncio.gather(*(write(database, batches) for batches in work))
    return Work(WRITERS * BATCHES * BATCH, seconds=clock.seconds, cpu_seconds=clock.cpu_seconds)


async def p14(place: Place, say: Any) -> Row:
    _, database = await opened(place)
    turns = itertools.count()

    async def check() -> bool:
        async with database.transaction(REGION) as tx:
            verdict = await commands.verify(tx)
            hot = await tx.fetchval("SELECT cents FROM accounts WHERE account = $1", verified("hot"))
        each = WRITERS * BATCHES * BATCH
        return not verdict.balances and not verdict.imbalance_cents and hot == 6 * each * 10_000

    try:
        return await compare(
            "P14",
            f"{WRITERS} writers post to one account, in batches of {BATCH}",
            "the same to accounts of their own",
            lambda: side(database, next(turns), hot=True),
            lambda: side(database, next(turns), hot=False),
            unit="entries/s",
            floor=0.8,
            goal=1.0,
            check=check,
            say=say,
        )
    finally:
        await database.close()


_ENTRIES = """
INSERT INTO journal_entries (consortium_id, entry_id, kind, day, reason, subject_kind, subject_id, reverses,
                             posting_count, recorded_at, recorded_by)
SELECT $1, grant_id, 'allocation-approved', $2, 'the division', 'allocation', grant_id, NULL, $3 + 1, $4, 'bench'
FROM unnest($5::uuid[]) WITH ORDINALITY AS given (grant_id, position)
ORDER BY position
"""

_POSTINGS = """
WITH planned AS (
    SELECT grant_id, code, weight, $4::bigint::numeric * weight AS part,
           sum(weight) OVER (PARTITION BY grant_id) AS whole
    FROM unnest($2::uuid[]) AS given (grant_id)
    CROSS JOIN unnest($3::text[], $5::bigint[]) AS line (code, weight)
),
floored AS (
    SELECT grant_id, code, div(part, whole) AS cents, mod(part, whole) AS remainder FROM planned
),
ranked AS (
    SELECT grant_id, code, cents,
           row_number() OVER (PARTITION BY grant_id ORDER BY remainder DESC, code COLLATE "C") AS place,
           $4::bigint - sum(cents) OVER (PARTITION BY grant_id) AS left_over,
           row_number() OVER (PARTITION BY grant_id ORDER BY code COLLATE "C") AS position
    FROM floored
)
INSERT INTO postings (consortium_id, entry_id, position, account, cents, minutes)
SELECT $1::uuid, grant_id, position, 'grant/line/' || code, -(cents + CASE WHEN place <= left_over THEN 1 ELSE 0 END), 0
FROM ranked
UNION ALL
SELECT $1::uuid, grant_id, cardinality($3) + 1, 'grant/unallocated', $4::bigint, 0
FROM unnest($2::uuid[]) AS given (grant_id)
"""

_BALANCES = """
INSERT INTO accounts (consortium_id, account, cents, minutes, postings)
SELECT $1, account, sum(cents), 0, count(*) FROM postings
WHERE consortium_id = $1 AND entry_id = ANY ($2::uuid[])
GROUP BY account ORDER BY account COLLATE "C"
ON CONFLICT (consortium_id, account) DO UPDATE
SET cents = accounts.cents + excluded.cents, postings = accounts.postings + excluded.postings
"""

CODES = [f"line-{number:04}" for number in range(LINES)]
WEIGHTS = [1 + number * 7919 % 1_000 for number in range(LINES)]


def grants() -> list[UUID]:
    return [ids.new_id() for _ in range(GRANTS)]


def divided(grant: UUID) -> JournalEntry:
    """A grant divided by its weights, as the entry that moves the money."""
    planned = tuple(PlannedLine(code, Weight(weight)) for code, weight in zip(CODES, WEIGHTS, strict=True))
    lines = plan_lines(CENTS, [Envelope("all", "spearhead", Weight(1), planned)])
    postings = [Posting(line(each.line), -each.cents) for each in lines if each.cents and each.kind != "unallocated"]
    postings.append(Posting(UNALLOCATED, CENTS))
    return JournalEntry(grant, "allocation-approved", DAY, tuple(postings), "the division", "allocation", grant)


async def p16(place: Place, say: Any) -> Row:
    _, ours = await opened(place)
    _, theirs = await opened(place)

    async def by_rules() -> Work:
        made = grants()
        with timed() as clock:
            async with ours.transaction(REGION, Context(actor="bench")) as tx:
                await commands.post(tx, [divided(grant) for grant in made], at=AT)
        return Work(GRANTS * LINES, seconds=clock.seconds, cpu_seconds=clock.cpu_seconds)

    async def by_sql() -> Work:
        made = grants()
        with timed() as clock:
            async with theirs.transaction(REGION, Context(actor="bench")) as tx:
                await tx.execute(_ENTRIES, REGION, DAY, LINES, AT, made)
                await tx.execute(_POSTINGS, REGION, made, CODES, CENTS, WEIGHTS)
                await tx.execute(_BALANCES, REGION, made)
        return Work(GRANTS * LINES, seconds=clock.seconds, cpu_seconds=clock.cpu_seconds)

    async def balances(database: Database) -> list[Any]:
        async with database.transaction(REGION) as tx:
            return list(await tx.fetch("SELECT account, cents, minutes, postings FROM accounts ORDER BY account"))

    async def check() -> bool:
        mine = await balances(ours)
        alike = [tuple(row) for row in mine] == [tuple(row) for row in await balances(theirs)]
        return alike and len(mine) == LINES + 1 and sum(row["cents"] for row in mine) == 0

    try:
        return await compare(
            "P16",
            f"divide {GRANTS} grants over {LINES:,} lines by the rules, and post",
            "the same in three set-based statements",
            by_rules,
            by_sql,
            unit="lines/s",
            floor=0.6,
            goal=0.8,
            check=check,
            say=say,
        )
    finally:
        await ours.close()
        await theirs.close()


async def p14_p16(place: Place, only: set[str], say: Any) -> list[Row]:
    return [await bench(place, say) for row_id, bench in (("P14", p14), ("P16", p16)) if row_id in only]

"""The ledger against a real database: what it refuses, what it seals, and what nobody can do to it unseen."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from runtime.ids import consortium_id, new_id
from runtime.postgres import Database
from services.funding import ledger as command_line
from services.funding import verify as offline
from services.funding.commands import ledger as commands
from services.funding.domain import ledger
from services.funding.domain.chain import Anchor
from services.funding.store import ledger as store
from tests.support.funding_books import AT, Region, an_entry
from tests.support.servers import DatabaseFor, ServiceDatabase


@pytest.fixture
async def where(database_for: DatabaseFor) -> ServiceDatabase:
    return await database_for("funding")


@pytest.fixture
async def region(where: ServiceDatabase) -> AsyncIterator[Region]:
    database = await Database.open(where.app_url, name="test", most=5)
    yield Region(database)
    await database.close()


async def exported(region: Region) -> list[str]:
    chunks = [chunk async for _, chunk in commands.export(region.transaction)]
    return b"".join(chunks).decode().splitlines(keepends=True)


async def test_entries_of_a_batch_move_each_account_once_and_by_the_sum(region: Region) -> None:
    await region.book(an_entry(5_000, 60), an_entry(2_500, 30), an_entry(100, 1, line="metaal"))
    async with region.transaction() as tx:
        balances = {moved.account: moved for moved in await store.account_balances(tx)}
    assert balances[ledger.declared("robotisering")].cents == 7_500
    assert balances[ledger.declared("robotisering")].minutes == 90
    assert balances[ledger.contributed(UUID(int=7))].cents == -7_600
    assert balances[ledger.contributed(UUID(int=7))].postings == 3


async def an_entry_of(region: Region, postings: str) -> None:
    """Writes an entry of two postings, past the service."""
    entry_id = new_id()
    async with region.transaction() as tx:
        await tx.execute(
            "INSERT INTO journal_entries (consortium_id, entry_id, kind, day, reason, subject_kind, subject_id, "
            "posting_count, recorded_at, recorded_by) VALUES ($1, $2, 'x', '2020-01-01', '', '', $2, 2, now(), 'me')",
            region.id,
            entry_id,
        )
        await tx.execute(f"INSERT INTO postings VALUES {postings}", region.id, entry_id)


@pytest.mark.parametrize(
    "postings",
    [
        "($1, $2, 1, 'grant/a', 100, 0), ($1, $2, 2, 'grant/b', -99, 0)",
        "($1, $2, 1, 'grant/a', 100, 0), ($1, $2, 3, 'grant/b', -100, 0)",
        "($1, $2, 0, 'grant/a', 100, 0), ($1, $2, 2, 'grant/b', -100, 0)",
    ],
)
async def test_the_database_refuses_an_entry_that_is_off_or_leaves_a_place_open_whoever_writes_it(
    region: Region, postings: str
) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not balance"):
        await an_entry_of(region, postings)


async def test_the_database_refuses_postings_added_to_an_entry_later(region: Region) -> None:
    await region.book(entry := an_entry(5_000, 60))
    with pytest.raises(asyncpg.CheckViolationError, match="it has 2 postings, and this one would be number 3"):
        async with region.transaction() as tx:
            await tx.execute(
                "INSERT INTO postings VALUES ($1, $2, 3, 'grant/a', 100, 0), ($1, $2, 4, 'grant/b', -100, 0)",
                region.id,
                entry.id,
            )


@pytest.mark.parametrize("table", ["journal_entries", "postings", "ledger_seals", "sealed_entries", "scheme_rules"])
@pytest.mark.parametrize("role", ["app", "owner"])
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET consortium_id = consortium_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
async def test_what_was_written_cannot_be_changed_by_the_service_or_the_owner(
    region: Region, where: ServiceDatabase, table: str, role: str, change: str
) -> None:
    await region.grant()
    await region.book(an_entry(5_000))
    await region.sealer().run_once()
    connection = await asyncpg.connect(where.app_url if role == "app" else where.owner_url)
    try:
        await connection.execute(f"SET app.consortia = '{{{region.id}}}'")
        refusals = (asyncpg.InsufficientPrivilegeError, asyncpg.IntegrityConstraintViolationError)
        with pytest.raises(refusals, match=r"permission denied|append-only"):
            await connection.execute(change.format(table))
    finally:
        await connection.close()


async def test_a_seal_covers_what_was_committed_and_is_published(region: Region) -> None:
    await region.book(an_entry(5_000, 60), an_entry(2_500, 30))
    assert await region.sealer().run_once() == 1
    await region.book(last := an_entry(1))
    assert await region.sealer().run_once() == 1
    assert await region.sealer().run_once() == 0
    async with region.transaction() as tx:
        latest = await store.latest_seal(tx)
        assert latest is not None
        assert (latest.batch, latest.count) == (2, 3)
        assert await store.seal_containing(tx, last.id) == latest
        published = await tx.fetch("SELECT data FROM outbox WHERE type LIKE '%entries-sealed%' ORDER BY seq")
        assert json.loads(published[-1]["data"])["head"] == latest.head
        assert (await commands.verify(tx)).ok


async def test_an_entry_that_commits_late_is_sealed_in_a_later_batch(region: Region, where: ServiceDatabase) -> None:
    async with region.transaction() as slow:
        await commands.post(slow, [late := an_entry(1)], at=AT)
        await region.book(
            ledger.JournalEntry(
                new_id(), "award", AT.date(), ledger.transfer("grant/x", "grant/y", 1), "", "grant", new_id()
            )
        )
        assert await region.sealer().run_once() == 1
    assert await region.sealer().run_once() == 1
    async with region.transaction() as tx:
        containing = await store.seal_containing(tx, late.id)
        assert containing is not None
        assert containing.batch == 2
        verdict = await commands.verify(tx)
    assert (verdict.ok, verdict.entries, verdict.unsealed) == (True, 2, 0)


async def test_as_known_on_a_day_is_what_the_last_seal_by_then_covers(region: Region) -> None:
    await region.book(an_entry(5_000, 60))
    await region.sealer(AT).run_once()
    await region.book(an_entry(700, 10))
    await region.sealer(AT + timedelta(days=30)).run_once()
    account = ledger.declared("robotisering")
    async with region.transaction() as tx:
        then = await store.account_balances(tx, account, as_known_on=AT + timedelta(days=29))
        now = await store.account_balances(tx, account)
        before = await store.account_balances(tx, account, as_known_on=AT - timedelta(days=1))
    assert [moved.cents for moved in then] == [5_000]
    assert [moved.cents for moved in now] == [5_700]
    assert before == []


async def test_one_changed_byte_in_a_copy_is_found_and_named(region: Region) -> None:
    await region.book(an_entry(5_000, 60))
    await region.sealer().run_once()
    await region.book(entry := an_entry(2_500, 30))
    await region.sealer().run_once()
    lines = await exported(region)
    assert offline.check(lines)[0].broken is None
    changed = [line.replace("2500", "2600") if str(entry.id) in line else line for line in lines]
    broken = offline.check(changed)[0].broken
    assert broken is not None
    assert (broken.batch, broken.entry) == (2, str(entry.id))


async def test_a_row_changed_by_a_superuser_is_found_and_named(region: Region, where: ServiceDatabase) -> None:
    await region.book(entry := an_entry(5_000, 60))
    await region.sealer().run_once()
    connection = await asyncpg.connect(where.superuser_url)
    try:
        await connection.execute("ALTER TABLE journal_entries DISABLE TRIGGER append_only_rows")
        await connection.execute("UPDATE journal_entries SET reason = 'hours  declared'")
    finally:
        await connection.close()
    async with region.transaction() as tx:
        verdict = await commands.verify(tx)
    assert not verdict.ok
    assert verdict.broken is not None
    assert verdict.broken.entry == str(entry.id)


async def test_a_cut_tail_is_whole_in_itself_and_found_by_the_published_seal(region: Region) -> None:
    await region.book(an_entry(5_000, 60))
    await region.sealer().run_once()
    await region.book(an_entry(2_500, 30))
    await region.sealer().run_once()
    async with region.transaction() as tx:
        kept = await store.latest_seal(tx)
    assert kept is not None
    lines = await exported(region)
    cut = lines[: [json.loads(line)["type"] for line in lines].index("seal", 2)]
    assert offline.check(cut)[0].broken is None
    broken = offline.check(cut, [Anchor(kept.count, kept.head)])[0].broken
    assert broken is not None
    assert "2 entries" in broken.why


async def test_a_balance_that_differs_from_its_postings_is_named(region: Region) -> None:
    await region.book(an_entry(5_000, 60))
    async with region.transaction() as tx:
        await tx.execute("UPDATE accounts SET cents = cents + 1 WHERE account LIKE 'memo/declared/%'")
        verdict = await commands.verify(tx)
    assert verdict.balances == (ledger.declared("robotisering"),)
    assert not verdict.ok


async def test_the_neighbour_sees_none_of_these_books(region: Region) -> None:
    await region.grant()
    await region.sealer().run_once()
    neighbour = Region(region.database)
    async with neighbour.transaction() as tx:
        assert await store.account_balances(tx) == []
        assert await store.latest_seal(tx) is None
        assert await store.page(tx, 0, 100, None, None, None) == []


async def test_the_command_line_says_which_region_is_broken_and_where(
    where: ServiceDatabase, region: Region, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    region.id = consortium_id("sto-test")
    neighbour = Region(region.database, consortium_id("sto-elders"))
    for each, name in ((region, "sto-test"), (neighbour, "sto-elders")):
        await each.found(name)
        await each.book(an_entry(5_000, 60))
        await each.sealer().run_once()
    async with region.transaction() as tx:
        kept = await store.latest_seal(tx)
    assert kept is not None
    monkeypatch.setenv("SPEERPUNT_DATABASE_URL", where.app_url)

    async def said(*arguments: str) -> tuple[int, str]:
        code = await asyncio.to_thread(command_line.main, ["verify", *arguments])
        return code, capsys.readouterr().out

    code, whole = await said()
    assert code == 0
    assert [line.split(".")[0] for line in whole.splitlines()] == ["sto-elders: whole", "sto-test: whole"]
    code, cut = await said("--region", "sto-test", "--anchor", f"2:{kept.head}")
    assert code == 1
    assert "2 entries" in cut
    connection = await asyncpg.connect(where.superuser_url)
    try:
        await connection.execute("ALTER TABLE journal_entries DISABLE TRIGGER append_only_rows")
        await connection.execute("UPDATE journal_entries SET reason = 'x' WHERE consortium_id = $1", region.id)
    finally:
        await connection.close()
    code, broken = await said()
    assert code == 1
    assert "sto-test: BROKEN." in broken
    assert "First break at batch 1, entry " in broken
    assert "sto-elders: whole." in broken
    code, machine = await said("--region", "sto-elders", "--json")
    assert (code, json.loads(machine)["sto-elders"]["ok"]) == (0, True)

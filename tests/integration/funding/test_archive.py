"""A region's archive, loaded as another region: the books are the same, go on from there, and prove it."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from runtime import archive, ids
from runtime.archive import ArchiveUnusable, Loading, written
from runtime.postgres import Database
from services.funding.archive import PLAN
from services.funding.commands.ledger import seal_next, verify
from services.funding.domain.chain import SealingKey
from services.funding.store import partners
from services.funding.store.balances import trial_balance
from services.funding.teller import Teller
from tests.support.funding_intake import AT, Books, a_record, codes, evidence, material
from tests.support.servers import DatabaseFor

NEW = "sto-hernieuwd"
KEY = SealingKey(Ed25519PrivateKey.generate())
END = date(2023, 12, 31)


@pytest.fixture
async def books(database_for: DatabaseFor, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Books]:
    """A region with contributions that were booked, replaced, refused and sealed, and more that waits for a seal."""
    monkeypatch.setattr(ids, "_origins", {})
    database = await Database.open((await database_for("funding")).app_url, name="test", most=5)
    made = await Books(database).found("acme", "bouw")
    await made.confirm(day=date(2023, 5, 9))
    await made.send(a_record("1"), a_record("2"), material("3"), material("4", evidence=evidence()), b"{no json")
    await seal(made)
    await made.send(a_record("5", replaces="2", minutes=60), a_record("6", line="robotica"))
    await seal(made)
    await made.send(a_record("7", organisation="bouw", minutes=90))
    yield made
    await database.close()


async def seal(books: Books) -> None:
    async with books.database.transaction(books.id) as tx:
        assert await seal_next(tx, KEY, at=AT) is not None


async def taken(books: Books) -> list[bytes]:
    async with books.database.transaction(books.id) as tx:
        return [line async for line in written(tx, PLAN, books.code)]


async def load(books: Books, lines: list[bytes], code: str = NEW) -> Books:
    region = ids.consortium_id(code)
    async with books.database.transaction(region) as tx:
        loading = Loading(tx, PLAN, {"code": code}, books.id)
        await loading.begin()
        for line in lines:
            await loading.line(line.rstrip(b"\n"))
        assert loading.done
    ids.name_origins({region: books.id})
    return Books(books.database, code)


async def standing(books: Books) -> dict[str, Any]:
    """What a region's books come to."""
    await Teller(books.database).run_once()
    async with books.database.transaction(books.id) as tx:
        verdict = await verify(tx)
        assert verdict.ok, verdict
        cells = await tx.fetch("SELECT * FROM position_cells($1, $2)", books.id, END)
        return {
            "trial balance": await trial_balance(tx, END, None),
            "verdict": verdict,
            "contributions": await books.contributions(),
            "position": sorted(tuple(row) for row in cells),
            "zone": str((await partners.consortium(tx)).zone),
        }


async def test_the_new_region_has_the_same_books_and_goes_on_from_there_and_the_old_one_is_untouched(
    books: Books,
) -> None:
    before, lines = await standing(books), await taken(books)
    new = await load(books, lines)
    assert await standing(new) == before
    assert before["verdict"].entries > 4
    assert before["verdict"].unsealed == 2
    (booked,) = await new.send(a_record("20", consortium=NEW))
    assert (booked.outcome, booked.value_cents) == ("booked", 11_250)
    (mended,) = await new.send(a_record("21", consortium=NEW, replaces="4", kind="hours"))
    assert mended.outcome == "booked", codes(mended)
    await seal(new)
    after = await standing(new)
    assert after["verdict"].unsealed == 0
    assert after["verdict"].batches == before["verdict"].batches + 1
    assert await taken(books) == lines
    assert await standing(books) == before


async def test_it_comes_in_the_same_in_statements_of_a_row_each(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "BYTES_AT_A_TIME", 1)
    before = await standing(books)
    assert await standing(await load(books, await taken(books))) == before


async def test_an_archive_of_the_new_region_comes_in_once_more_under_its_first_name(books: Books) -> None:
    new = await load(books, await taken(books))
    again = await taken(new)
    assert f'"origin": "{books.id}"'.encode() in again[0]
    third = Books(books.database, "sto-derde")
    region = ids.consortium_id(third.code)
    async with books.database.transaction(region) as tx:
        loading = Loading(tx, PLAN, {"code": third.code}, books.id)
        await loading.begin()
        for line in again:
            await loading.line(line.rstrip(b"\n"))
    ids.name_origins({region: books.id})
    assert await standing(third) == await standing(books)


@pytest.mark.parametrize("part", [0.0, 0.2, 0.4, 0.6, 0.8, 0.99])
async def test_one_byte_changed_anywhere_is_refused_and_nothing_is_kept(books: Books, part: float) -> None:
    whole = b"".join(await taken(books))
    place = int(len(whole) * part)
    while not chr(whole[place]).isalnum():
        place += 1
    changed = whole[:place] + (b"7" if whole[place : place + 1] != b"7" else b"8") + whole[place + 1 :]
    with pytest.raises(ArchiveUnusable):
        await load(books, changed.splitlines())
    await nothing_of(books, ids.consortium_id(NEW))


async def test_an_archive_that_lacks_a_row_or_its_end_is_refused_and_one_is_not_loaded_twice(books: Books) -> None:
    lines = await taken(books)
    with pytest.raises((ArchiveUnusable, AssertionError)):
        await load(books, lines[:-1])
    with pytest.raises(ArchiveUnusable):
        await load(books, lines[:5] + lines[6:])
    await nothing_of(books, ids.consortium_id(NEW))
    await load(books, lines)
    with pytest.raises(ArchiveUnusable):
        await load(books, lines)


async def nothing_of(books: Books, region: UUID) -> None:
    async with books.database.transaction(region) as tx:
        for table in ("journal_entries", "contributions", "consortia", "mandates", "unsealed_entries"):
            count = await tx.fetchval(f"SELECT count(*) FROM {table} WHERE consortium_id = $1", region)
            assert count == 0, table

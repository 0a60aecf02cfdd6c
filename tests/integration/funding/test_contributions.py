"""Hours of a confirmed lesson: in the books by themselves, once, and realised when a second person accepted them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from runtime.event import Context
from runtime.ids import consortium_id, new_id
from runtime.postgres import Database
from services.funding.commands import contributions, ledger
from services.funding.commands.contributions import Confirmed
from services.funding.commands.schemes import put_scheme
from services.funding.domain.contribution import Hands, Lesson
from services.funding.domain.scheme import EligibleKinds, Rate, Rule
from services.funding.domain.valuation import KindNotEligible
from services.funding.store import contributions as store
from services.funding.store import partners
from services.funding.store.ledger import account_balances
from tests.support.servers import DatabaseFor

OURS, THEIRS = consortium_id("ours"), consortium_id("theirs")
AT = datetime(2023, 3, 20, 9, tzinfo=UTC)
DAY = date(2023, 3, 6)
LESSON = Lesson(UUID(int=7), "lesson-1", UUID(int=8), "robotisering", DAY, 135)
CONFIRMED = Confirmed(OURS, LESSON, Context(actor="test"))
START = date(2020, 1, 1)
RULES = (
    Rule("kinds", EligibleKinds(("hours",)), START, START, "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), START, START, "the region"),
)


@pytest.fixture
async def db(database_for: DatabaseFor) -> AsyncIterator[Database]:
    made = await database_for("funding")
    database = await Database.open(made.app_url, name="test")
    yield database
    await database.close()


async def with_rules(db: Database) -> None:
    async with db.transaction(OURS, Context(actor="test")) as tx:
        await partners.save_consortium(tx, "ours", "Europe/Amsterdam", "EUR", "nl", 1)
        await put_scheme(tx, "sto", "The scheme", RULES, at=AT)


async def book(db: Database) -> bool:
    async with db.transaction(OURS, Context(actor="test")) as tx:
        return bool(await contributions.book_lessons(tx, [CONFIRMED], at=AT))


async def balances(db: Database) -> dict[str, tuple[int, int]]:
    async with db.transaction(OURS) as tx:
        return {each.account: (each.cents, each.minutes) for each in await account_balances(tx, "memo/", None)}


async def test_hours_of_a_lesson_are_booked_once_however_often_and_at_once_it_is_told(db: Database) -> None:
    await with_rules(db)
    booked = await asyncio.gather(*(book(db) for _ in range(8)))
    assert sorted(booked) == [False] * 7 + [True]
    assert await balances(db) == {
        "memo/verified/robotisering": (11_250, 135),
        f"memo/contributed/{LESSON.organisation_id}": (-11_250, -135),
    }


async def test_accepted_hours_move_from_verified_to_accepted_and_the_books_still_verify(db: Database) -> None:
    await with_rules(db)
    await book(db)
    async with db.transaction(OURS, Context(actor="test")) as tx:
        first = (await contributions.accept(tx, DAY, batch_id=new_id(), hands=Hands(new_id()), at=AT)).accepted
        again = (await contributions.accept(tx, DAY, batch_id=new_id(), hands=Hands(new_id()), at=AT)).accepted
    assert ([each.state for each in first], list(again)) == (["accepted"], [])
    found = await balances(db)
    assert found["memo/accepted/robotisering"] == (11_250, 135)
    assert found.get("memo/verified/robotisering", (0, 0)) == (0, 0)
    async with db.transaction(OURS) as tx:
        verdict = await ledger.verify(tx, [])
    assert (verdict.imbalance_cents, verdict.imbalance_minutes, verdict.balances) == (0, 0, ())


async def test_a_day_after_the_accepted_period_stays_verified(db: Database) -> None:
    await with_rules(db)
    await book(db)
    async with db.transaction(OURS, Context(actor="test")) as tx:
        made = await contributions.accept(tx, date(2023, 3, 5), batch_id=new_id(), hands=Hands(new_id()), at=AT)
    assert not made.accepted


async def test_where_a_scheme_has_no_rule_for_them_no_hours_are_booked(db: Database) -> None:
    async with db.transaction(OURS, Context(actor="test")) as tx:
        await put_scheme(tx, "sto", "The scheme", RULES[1:], at=AT)
    with pytest.raises(KindNotEligible):
        await book(db)
    assert await balances(db) == {}


async def test_a_neighbour_sees_none_of_it(db: Database) -> None:
    await with_rules(db)
    await book(db)
    async with db.transaction(THEIRS) as tx:
        assert await store.after(tx, UUID(int=0), 10) == []

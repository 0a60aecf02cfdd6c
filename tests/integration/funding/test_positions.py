"""The position out of the database: what the rules say, what the ledger says, and what is told of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime import ids
from runtime.postgres import Database
from services.funding.commands import contributions, grants, pledges, position, schemes
from services.funding.domain import ledger
from services.funding.domain.contribution import Hands, Lesson
from services.funding.domain.pledge import Pledge, Promised
from services.funding.domain.position import Call, Cell, Promise, Sums, call_list, forecast_cents, kept_basis_points
from services.funding.domain.scheme import Base, Cofinancing, EligibleKinds, Rate, Rule, hours_cents
from services.funding.store import ledger as books
from services.funding.store import positions, programmes
from services.funding.teller import Teller
from tests.support.funding_books import AT, OFFICE, Region, book_lesson
from tests.support.servers import DatabaseFor

FIRST, LAST, SIGNED = date(2020, 1, 1), date(2023, 12, 31), date(2019, 3, 20)
DAY = date(2022, 3, 1)
NOW = datetime(2023, 11, 1, 12, tzinfo=UTC)
LINES = ("instroom", "robotisering", "het-element")
CODES = ("acme", "bolt", "coil", "dynamo")
RULES = (
    Rule("cofinancing-10", Cofinancing(1_000), FIRST, date(2018, 10, 1), "the scheme"),
    Rule("cofinancing-7-5", Cofinancing(750), FIRST, date(2022, 7, 1), "the change of July 2022"),
    Rule("kinds", EligibleKinds(("hours", "material")), FIRST, date(2018, 10, 1), "the scheme"),
    Rule("rate-hours", Rate("hours", 5_000), FIRST, date(2018, 10, 1), "the region"),
)


@pytest.fixture
async def database(database_for: DatabaseFor) -> AsyncIterator[Database]:
    opened = await Database.open((await database_for("funding")).app_url, name="test", most=6)
    yield opened
    await opened.close()


@pytest.fixture
async def region(database: Database) -> Region:
    return await a_region(database)


async def a_region(database: Database) -> Region:
    """A region with a programme, four companies, a scheme and no grant."""
    made = Region(database)
    await made.found(str(made.id))
    await made.plan()
    for code in CODES:
        await made.organisation(code)
    async with made.transaction() as tx:
        await schemes.put_scheme(tx, "sto", "The scheme", RULES, at=AT)
    return made


def whose(region: Region, code: str) -> UUID:
    return ids.coded_id(region.id, "organisation", code)


async def lesson(region: Region, code: str, line: str, day: date, minutes: int) -> None:
    """Hours of a lesson that the school confirmed: declared."""
    held = Lesson(ids.new_id(), "lesson", whose(region, code), line, day, minutes)
    async with region.transaction() as tx:
        assert await book_lesson(tx, held, at=AT)


async def accept(region: Region, up_to: date = LAST) -> None:
    async with region.transaction() as tx:
        await contributions.accept(tx, up_to, batch_id=ids.new_id(), hands=Hands(OFFICE), at=AT)


async def pledge(
    region: Region, code: str, *promised: Promised, signed_on: date = SIGNED, first: date = FIRST, last: date = LAST
) -> tuple[Pledge, str]:
    async with region.transaction() as tx:
        programme = await programmes.programme(tx)
        assert programme is not None
        return await pledges.put_pledge(
            tx, code, whose(region, code), None, signed_on, first, last, promised, programme, at=AT
        )


async def stands(region: Region, as_of: date = LAST, known_on: date = LAST) -> Any:
    async with region.transaction() as tx:
        return await position.position(tx, as_of, known_on)


async def balances(region: Region) -> dict[str, tuple[int, int]]:
    async with region.transaction() as tx:
        return {each.account: (each.cents, each.minutes) for each in await books.account_balances(tx, "memo/")}


def added(sums: Sequence[Sums]) -> Sums:
    names = Sums.__dataclass_fields__
    return Sums(**{name: sum(getattr(each, name) for each in sums) for name in names})


# --- against the rules and the ledger ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Booked:
    code: str
    line: str
    day: date
    minutes: int
    accepted: bool


a_day = st.integers(0, (LAST - FIRST).days).map(lambda days: FIRST + timedelta(days=days))
booked = st.builds(Booked, st.sampled_from(CODES), st.sampled_from(LINES), a_day, st.integers(1, 900), st.booleans())
promise = st.tuples(st.sampled_from(LINES), st.integers(1, 9_000), st.integers(0, 90_000))
pledged = st.dictionaries(
    st.sampled_from(CODES), st.tuples(a_day, a_day, st.lists(promise, min_size=1, max_size=3, unique_by=lambda p: p[0]))
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lessons=st.lists(booked, max_size=12), promises=pledged, as_of=a_day, fold=st.booleans())
async def test_the_database_adds_up_what_the_rules_say_and_lines_and_partners_sum_to_the_programme(
    database: Database,
    lessons: list[Booked],
    promises: dict[str, tuple[date, date, list[tuple[str, int, int]]]],
    as_of: date,
    fold: bool,
) -> None:
    region = await a_region(database)
    for each in sorted(lessons, key=lambda each: not each.accepted):
        if not each.accepted:
            break
        await lesson(region, each.code, each.line, each.day, each.minutes)
    await accept(region)
    for each in lessons:
        if not each.accepted:
            await lesson(region, each.code, each.line, each.day, each.minutes)
    spread: list[Promise] = []
    for code, (one, other, said) in promises.items():
        first, last = min(one, other), max(one, other)
        await pledge(region, code, *[Promised(*each) for each in said], first=first, last=last)
        for line, minutes, material in said:
            cents = hours_cents(minutes, 5_000) + material
            spread.append(Promise(whose(region, code), line, cents, minutes, first, last))
    if fold:
        await Teller(database, clock=lambda: NOW).run_once()

    cells: dict[tuple[UUID, str], Sums] = {}
    for each in lessons:
        if each.day <= as_of:
            cents, key = hours_cents(each.minutes, 5_000), (whose(region, each.code), each.line)
            kind = "realised" if each.accepted else "declared"
            cells[key] = added(
                [cells.get(key, Sums()), Sums(**{f"{kind}_cents": cents, f"{kind}_minutes": each.minutes})]
            )
    for one_promise in spread:
        key = (one_promise.organisation_id, one_promise.line)
        due = one_promise.due_cents(as_of)
        more = Sums(promised_cents=one_promise.cents, promised_minutes=one_promise.minutes, due_cents=due)
        cells[key] = added([cells.get(key, Sums()), more])
    kept = kept_basis_points([Cell(*key, sums) for key, sums in cells.items()])
    expected = {key: replace(sums, forecast_cents=forecast_cents(sums, kept)) for key, sums in cells.items()}

    async with region.transaction() as tx:
        whole = await positions.programme(tx, as_of)
        by_line = await positions.lines(tx, as_of)
        by_partner = await positions.partners(tx, as_of, UUID(int=0), None)
        calls = await positions.calls(tx, as_of, None, 100)
    assert whole == added(list(expected.values()))
    assert added([each.sums for each in by_line]) == whole
    assert added([each.sums for each in by_partner]) == whole
    for each_line in by_line:
        assert each_line.sums == added([sums for (_, line), sums in expected.items() if line == each_line.code])
    named = {whose(region, code): code for code in CODES}
    by_rule = call_list(
        Call(each.organisation_id, named[each.organisation_id], each.name, each.sums, FIRST, LAST)
        for each in by_partner
    )
    assert [(call.code, call.sums) for call in calls] == [(call.code, call.sums) for call in by_rule]


async def test_the_position_is_what_the_memorandum_accounts_hold(region: Region) -> None:
    await lesson(region, "acme", "instroom", DAY, 120)
    await lesson(region, "bolt", "robotisering", DAY, 60)
    await accept(region)
    await lesson(region, "bolt", "instroom", DAY, 30)
    await pledge(region, "acme", Promised("instroom", 600, 10_000), Promised("robotisering", 60, 0))
    await pledge(region, "bolt", Promised("instroom", 60, 0))
    held = await balances(region)
    async with region.transaction() as tx:
        lines = {each.code: each.sums for each in await positions.lines(tx, LAST)}
        partners = {each.organisation_id: each.sums for each in await positions.partners(tx, LAST, UUID(int=0), None)}
    for line, sums in lines.items():
        assert (sums.realised_cents, sums.realised_minutes) == held.get(ledger.accepted(line), (0, 0))
        assert (sums.declared_cents, sums.declared_minutes) == held.get(ledger.verified(line), (0, 0))
        assert (sums.promised_cents, sums.promised_minutes) == held.get(ledger.pledged(line), (0, 0))
    for who, sums in partners.items():
        brought = (-sums.delivered_cents, -sums.realised_minutes - sums.declared_minutes)
        assert brought == held.get(ledger.contributed(who), (0, 0))
        assert (-sums.promised_cents, -sums.promised_minutes) == held[ledger.promised(who)]
    assert lines["instroom"].promised_cents == 50_000 + 10_000 + 5_000


# --- two clocks -------------------------------------------------------------------------------------------------------


async def test_the_threshold_is_that_of_the_day_of_knowing(region: Region) -> None:
    async with region.transaction() as tx:
        await grants.put_grant(tx, "sto-2020", "sto", 1_000_000_000, FIRST, LAST, date(2019, 12, 1), at=AT)
    for known_on, rule, required in (
        (date(2022, 6, 30), "cofinancing-10", {Base.OF_SUBSIDY: 100_000_000, Base.OF_TOTAL: 111_111_111}),
        (date(2022, 7, 1), "cofinancing-7-5", {Base.OF_SUBSIDY: 75_000_000, Base.OF_TOTAL: 81_081_081}),
    ):
        found = await stands(region, date(2021, 5, 1), known_on)
        assert found.rules == (rule,)
        assert {each.base: each.required_cents for each in found.readings} == required


async def test_money_that_was_not_awarded_by_then_asks_nothing_yet(region: Region) -> None:
    async with region.transaction() as tx:
        await grants.put_grant(tx, "sto-2020", "sto", 1_000_000_000, FIRST, LAST, date(2019, 12, 1), at=AT)
        await grants.supplement_grant(
            tx, "sto-2020", "2024", 100_000_000, date(2024, 12, 31), date(2024, 1, 2), "2024", at=AT
        )
    asked = [(await stands(region, day, LAST)).readings for day in (date(2019, 11, 30), LAST, date(2024, 1, 2))]
    assert [[each.required_cents for each in readings][:1] for readings in asked] == [[], [75_000_000], [82_500_000]]


async def test_what_lines_are_asked_sums_to_the_programme_also_before_anything_is_allocated(region: Region) -> None:
    await region.grant(1_000_000_001)
    for approve in (False, True):
        if approve:
            await region.approve(await region.propose())
        async with region.transaction() as tx:
            lines = await position.positions_of_lines(tx, LAST, LAST)
            whole = await position.position(tx, LAST, LAST)
        by_base = {each.base: each.required_cents for each in whole.readings}
        assert len(by_base) == 2
        for place, needed in enumerate(by_base.values()):
            assert sum(line.readings[place].required_cents for line in lines) == needed


async def test_a_contribution_counts_from_its_own_day(region: Region) -> None:
    await lesson(region, "acme", "instroom", DAY, 60)
    await accept(region)
    await lesson(region, "acme", "instroom", DAY + timedelta(days=1), 120)
    days = (DAY - timedelta(days=1), DAY, DAY + timedelta(days=1))
    found = [(await stands(region, day)).sums for day in days]
    assert [(each.realised_minutes, each.declared_minutes) for each in found] == [(0, 0), (60, 0), (60, 120)]


# --- pledges ----------------------------------------------------------------------------------------------------------


async def test_a_pledge_signed_anew_takes_the_place_from_its_day_and_the_books_keep_both(region: Region) -> None:
    assert (await pledge(region, "acme", Promised("instroom", 600, 0)))[1] == "created"
    assert (await pledge(region, "acme", Promised("instroom", 600, 0)))[1] == "unchanged"
    changed, result = await pledge(region, "acme", Promised("robotisering", 60, 0), signed_on=DAY)
    assert (changed.version, result) == (2, "changed")
    promised = [(await stands(region, day)).sums.promised_cents for day in (SIGNED - timedelta(days=1), SIGNED, DAY)]
    assert promised == [0, 50_000, 5_000]
    held = await balances(region)
    assert held[ledger.pledged("instroom")] == (0, 0)
    assert held[ledger.pledged("robotisering")] == (5_000, 60)
    async with region.transaction() as tx:
        entries = await books.page(tx, 0, 10, None, "pledge", changed.id)
        facts = await tx.fetch("SELECT aggregate_version FROM outbox WHERE aggregate_kind = 'pledge' ORDER BY seq")
    assert [entry.recorded.kind for entry in entries] == ["pledge-signed", "pledge-signed-reversed", "pledge-signed"]
    assert [row["aggregate_version"] for row in facts] == [1, 2]


async def test_the_same_pledge_signed_at_once_by_many_is_booked_once(region: Region) -> None:
    results = await asyncio.gather(*(pledge(region, "acme", Promised("instroom", 600, 0)) for _ in range(6)))
    assert sorted(result for _, result in results) == ["created", *["unchanged"] * 5]
    assert (await stands(region)).sums.promised_minutes == 600


# --- telling ----------------------------------------------------------------------------------------------------------


async def told(region: Region) -> list[dict[str, Any]]:
    async with region.transaction() as tx:
        rows = await tx.fetch(
            "SELECT data, aggregate_version FROM outbox WHERE aggregate_kind = 'position' AND consortium_id = $1 "
            "ORDER BY seq",
            region.id,
        )
    return [{**json.loads(row["data"]), "version": row["aggregate_version"]} for row in rows]


async def test_whatever_came_in_since_is_told_once_and_what_did_not_move_is_not(region: Region) -> None:
    teller = Teller(region.database, clock=lambda: NOW)
    for _ in range(5):
        await lesson(region, "acme", "instroom", DAY, 60)
    await asyncio.gather(*(teller.run_once() for _ in range(4)))
    await teller.run_once()
    (first,) = await told(region)
    assert (first["declaredMinutes"], first["realisedMinutes"], first["version"]) == (300, 0, 1)
    assert first["asOf"] == "2023-11-01"
    assert await teller.run_once() == 0
    await accept(region)
    assert await teller.run_once() == 1
    second = (await told(region))[-1]
    assert (second["declaredMinutes"], second["realisedMinutes"], second["version"]) == (0, 300, 2)


async def test_adding_up_changes_no_answer(region: Region) -> None:
    await lesson(region, "acme", "instroom", DAY, 60)
    before = await stands(region)
    await Teller(region.database, clock=lambda: NOW).run_once()
    await lesson(region, "acme", "instroom", DAY, 60)
    await Teller(region.database, clock=lambda: NOW).run_once()
    async with region.transaction() as tx:
        assert not await tx.fetch("SELECT FROM position_moves")
    after = await stands(region)
    assert (before.sums.declared_minutes, after.sums.declared_minutes) == (60, 120)


async def test_the_news_of_a_region_that_has_not_arrived_waits_for_it(database: Database) -> None:
    region = Region(database)
    teller = Teller(database, clock=lambda: NOW)
    async with region.transaction() as tx:
        await schemes.put_scheme(tx, "sto", "The scheme", RULES, at=AT)
    assert await teller.run_once() == 0
    await region.found()
    assert await teller.run_once() == 1


async def test_a_neighbour_sees_none_of_it(region: Region, database: Database) -> None:
    await lesson(region, "acme", "instroom", DAY, 60)
    await pledge(region, "acme", Promised("instroom", 60, 0))
    neighbour = Region(database)
    async with neighbour.transaction() as tx:
        assert await positions.programme(tx, LAST) == Sums()
        assert await positions.partners(tx, LAST, UUID(int=0), None) == []
        assert await positions.calls(tx, LAST, None, 10) == []

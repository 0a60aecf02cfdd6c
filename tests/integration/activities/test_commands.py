"""The use cases against a real PostgreSQL, as the role that owns nothing."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest

from runtime.ids import new_id
from runtime.postgres import Database
from runtime.problems import Problem
from services.activities.commands import Result, activities, bookings, catalogue, matching
from services.activities.domain.activities import Activity, Attendance, Reason, State
from services.activities.domain.catalogue import RequestState
from services.activities.loops import BudgetLoop, HoldExpiry
from services.activities.store import activities as store
from services.activities.store import catalogue as catalogue_store
from tests.integration.activities.region import (
    AFTER,
    COMPANIES,
    NOW,
    OFFICE,
    SCHOOL,
    Treasury,
    a_company,
    a_region,
    a_school,
    published,
    with_a_request,
    with_offers,
)
from tests.support.servers import DatabaseFor
from tests.unit.activities.builders import an_activity, an_id, an_offer

HEADS = Attendance(workers=2, minutes_each=100, pupils=23)


@dataclass
class Ours:
    """The database of activities with one region in it."""

    database: Database
    region: UUID
    superuser_url: str

    async def facts(self, name: str) -> list[dict[str, object]]:
        return [json.loads(data) for data in await published(self.superuser_url, name)]

    async def activity(self, code: str) -> Activity:
        async with self.database.transaction(self.region) as tx:
            found = await store.activity_by_code(tx, code)
        assert found is not None
        return found.activity

    async def taken(self, code: str) -> int:
        async with self.database.transaction(self.region) as tx:
            found = await store.activity_by_code(tx, code)
        assert found is not None
        return found.taken

    async def request_state(self, code: str) -> RequestState:
        async with self.database.transaction(self.region) as tx:
            found = await catalogue_store.request_by_code(tx, code)
        assert found is not None
        return found.state

    async def hold(self, code: str, offer: str | None = None) -> Activity:
        async with self.database.transaction(self.region) as tx:
            return await matching.hold_candidate(tx, code, matching.Wish(new_id(), offer), a_school(), NOW)

    async def accept(self, activity: Activity) -> Activity:
        async with self.database.transaction(self.region) as tx:
            return await activities.accept(tx, activity.code, OFFICE, NOW)

    async def put(self, activity: Activity, pupils: int | None = None) -> tuple[Activity, Result]:
        async with self.database.transaction(self.region) as tx:
            return await activities.put(tx, activities.Plan(activity, new_id(), pupils), OFFICE, NOW)


@pytest.fixture
async def ours(database_for: DatabaseFor) -> AsyncIterator[Ours]:
    made = await database_for("activities")
    database = await Database.open(made.app_url, name="test", most=20)
    yield Ours(database, await a_region(database), made.superuser_url)
    await database.close()


def planned(code: str = "open-dag", **changes: object) -> Activity:
    return replace(an_activity(code=code, company_id=COMPANIES[0], school_id=SCHOOL), **changes)  # type: ignore[arg-type]


def signed_up(code: str, pupils: int = 1) -> bookings.SignUp:
    return bookings.SignUp(new_id(), "open-dag", SCHOOL, code, pupils, a_school())


async def test_an_offer_put_twice_is_unchanged_and_published_once(ours: Ours) -> None:
    results = []
    for title in ("Een", "Een", "Twee"):
        async with ours.database.transaction(ours.region) as tx:
            offer = an_offer(company_id=COMPANIES[0], title=title)
            results.append((await catalogue.put_offer(tx, offer, OFFICE, NOW))[1])
    assert results == [Result.CREATED, Result.UNCHANGED, Result.CHANGED]
    assert [fact["title"] for fact in await ours.facts("offer-published")] == ["Een", "Twee"]


async def test_a_lesson_goes_from_request_to_confirmed_hours(ours: Ours) -> None:
    await with_offers(ours.database, ours.region)
    code = await with_a_request(ours.database, ours.region)
    held = await ours.hold(code)
    assert held.company_id == COMPANIES[0]
    (ranked,) = await ours.facts("candidates-ranked")
    assert len(ranked["candidates"]) == 3  # type: ignore[arg-type]
    async with ours.database.transaction(ours.region) as tx:
        booked = await activities.accept(tx, held.code, a_company(), NOW)
    assert booked.state is State.BOOKED
    assert await ours.request_state(code) is RequestState.PLANNED
    async with ours.database.transaction(ours.region) as tx:
        await activities.complete(tx, held.code, HEADS, a_company(), AFTER)
    async with ours.database.transaction(ours.region) as tx:
        await activities.confirm(tx, held.code, None, a_school(), AFTER)
    (fact,) = await ours.facts("attendance-confirmed")
    assert (fact["code"], fact["minutes"], fact["pupils"], fact["day"]) == (held.code, 270, 23, "2023-05-01")


async def test_confirming_twice_publishes_one_fact(ours: Ours) -> None:
    await ours.put(planned())
    async with ours.database.transaction(ours.region) as tx:
        await activities.complete(tx, "open-dag", HEADS, a_company(), AFTER)

    async def confirm() -> Activity:
        async with ours.database.transaction(ours.region) as tx:
            return await activities.confirm(tx, "open-dag", None, a_school(), AFTER)

    answers = await asyncio.gather(*(confirm() for _ in range(10)))
    assert {answer.state for answer in answers} == {State.CONFIRMED}
    assert len(await ours.facts("attendance-confirmed")) == 1


async def test_two_hundred_rivals_for_the_last_seats_leave_exactly_the_capacity(ours: Ours) -> None:
    await ours.put(planned(seats=28), pupils=21)

    async def rival(number: int) -> str:
        try:
            async with ours.database.transaction(ours.region) as tx:
                await bookings.sign_up(tx, signed_up(f"klas-{number}"), NOW)
        except bookings.SlotFull:
            return "full"
        return "booked"

    outcomes = await asyncio.gather(*(rival(number) for number in range(200)))
    assert outcomes.count("booked") == 7
    assert await ours.taken("open-dag") == 28


async def test_sign_ups_together_are_decided_in_order_and_leave_out_what_one_by_one_refuses(ours: Ours) -> None:
    await ours.put(planned(seats=28), pupils=21)
    stranger = replace(a_school(), organisations=frozenset({an_id("another")}))
    asked = [
        signed_up("open-dag"),  # the activity's own school has that one
        signed_up("3k", 4),
        replace(signed_up("3l"), speaker=stranger),
        signed_up("3m", 4),
        signed_up("3k", 1),
        replace(signed_up("3n"), activity_code="unknown"),
        replace(signed_up("3o"), school_id=COMPANIES[0], speaker=OFFICE),
        signed_up("3p", 1),
    ]
    async with ours.database.transaction(ours.region) as tx:
        done = await bookings.sign_up_many(tx, asked, NOW)
    assert [each and each.thing.code for each in done] == [None, "3k", None, None, None, None, None, "3p"]
    assert await ours.taken("open-dag") == 26
    refusals = []
    for each, outcome in zip(asked, done, strict=True):
        if outcome is None:
            with pytest.raises(Problem) as refused:
                async with ours.database.transaction(ours.region) as tx:
                    await bookings.sign_up(tx, each, NOW)
            refusals.append(refused.value.code)
    assert refusals == ["code-taken", "not-yours", "slot-full", "code-taken", "not-found", "not-aschool"]


async def test_sign_ups_together_never_overfill_beside_those_one_by_one(ours: Ours) -> None:
    await ours.put(planned(seats=28))

    async def alone(number: int) -> int:
        try:
            async with ours.database.transaction(ours.region) as tx:
                await bookings.sign_up(tx, signed_up(f"a{number}"), NOW)
        except bookings.SlotFull:
            return 0
        return 1

    async def together(number: int) -> int:
        async with ours.database.transaction(ours.region) as tx:
            asked = [signed_up(f"b{number}-{each}") for each in range(5)]
            return sum(done is not None for done in await bookings.sign_up_many(tx, asked, NOW))

    booked = await asyncio.gather(*(form(number) for number in range(8) for form in (alone, together)))
    assert sum(booked) == await ours.taken("open-dag") == 28


async def test_a_cancelled_sign_up_gives_its_seats_back(ours: Ours) -> None:
    await ours.put(planned(seats=20))
    async with ours.database.transaction(ours.region) as tx:
        booking = await bookings.sign_up(tx, signed_up("3k", 20), NOW)
    async with ours.database.transaction(ours.region) as tx:
        await bookings.cancel_sign_up(tx, booking.id, a_school())
    assert await ours.taken("open-dag") == 0


async def test_a_person_or_room_is_never_booked_twice_even_by_what_is_only_pending(ours: Ours) -> None:
    waiting = planned("first", room="lokaal-12", teachers=(an_id("teacher"),), price_cents=100)
    assert (await ours.put(waiting))[0].state is State.WAITING_FOR_BUDGET
    for same in ({"room": "lokaal-12"}, {"teachers": (an_id("teacher"),)}):
        with pytest.raises(store.DoubleBooked):
            await ours.put(planned("second", **same))
    await ours.put(planned("second", room="lokaal-13"))


async def test_twenty_rivals_for_one_room_at_one_time_leave_one(ours: Ours) -> None:
    async def rival(number: int) -> int:
        try:
            await ours.put(planned(f"rival-{number}", room="lokaal-12"))
        except store.DoubleBooked:
            return 0
        return 1

    assert sum(await asyncio.gather(*(rival(number) for number in range(20)))) == 1


async def test_an_unanswered_hold_goes_to_the_next_candidate_until_nobody_is_left(ours: Ours) -> None:
    await with_offers(ours.database, ours.region, count=2)
    code = await with_a_request(ours.database, ours.region)
    first = await ours.hold(code)
    assert first.held_until is not None
    expiry = HoldExpiry(ours.database)
    assert await expiry.run_once(first.held_until - timedelta(seconds=1)) == 0
    assert await expiry.run_once(first.held_until) == 1
    second = await ours.activity(f"{code}-2")
    assert (second.state, second.company_id) == (State.HELD, COMPANIES[1])
    assert (await ours.activity(first.code)).state is State.LAPSED
    assert second.held_until is not None
    assert await expiry.run_once(second.held_until) == 1
    assert await ours.request_state(code) is RequestState.OPEN
    assert [fact["reason"] for fact in await ours.facts("activity-cancelled")] == ["hold-expired", "hold-expired"]


async def test_a_company_that_declines_gives_the_next_one_its_turn(ours: Ours) -> None:
    await with_offers(ours.database, ours.region, count=2)
    code = await with_a_request(ours.database, ours.region)
    held = await ours.hold(code)
    async with ours.database.transaction(ours.region) as tx:
        await activities.cancel(tx, held.code, Reason.DECLINED, a_company(), NOW, new_id())
    assert (await ours.activity(f"{code}-2")).company_id == COMPANIES[1]


async def test_two_schools_cannot_hold_one_offer_for_the_same_hour(ours: Ours) -> None:
    await with_offers(ours.database, ours.region, count=1)
    code = await with_a_request(ours.database, ours.region)
    outcomes = await asyncio.gather(*(ours.hold(code) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(outcome, Activity) for outcome in outcomes) == 1


async def test_a_paid_activity_waits_while_funding_is_away_and_resumes(ours: Ours) -> None:
    await with_offers(ours.database, ours.region, count=1, price_cents=25_000)
    code = await with_a_request(ours.database, ours.region)
    waiting = await ours.accept(await ours.hold(code))
    treasury = Treasury(away=True)
    loop = BudgetLoop(ours.database, treasury)
    assert await loop.run_once(NOW) == 0
    assert (await ours.activity(waiting.code)).state is State.WAITING_FOR_BUDGET
    treasury.away = False
    assert await loop.run_once(NOW) == 0, "it waits its turn before it asks again"
    later = NOW + timedelta(seconds=60)
    assert await BudgetLoop(ours.database, treasury).run_once(later) == 1
    assert (await ours.activity(waiting.code)).state is State.BOOKED
    assert len(await ours.facts("activity-booked")) == 1
    assert await loop.run_once(later) == 1
    assert treasury.reservations == {waiting.id: "confirmed"}
    assert await loop.run_once(later) == 0


async def test_money_goes_back_when_a_paid_activity_is_cancelled(ours: Ours) -> None:
    booked, _ = await ours.put(planned(price_cents=30_000))
    treasury = Treasury()
    loop = BudgetLoop(ours.database, treasury)
    await loop.run_once(NOW)
    async with ours.database.transaction(ours.region) as tx:
        await activities.cancel(tx, booked.code, Reason.ILLNESS, OFFICE, NOW, new_id())
    await loop.run_once(NOW)
    assert (treasury.cents, treasury.reservations) == (100_000, {booked.id: "released"})


async def test_a_cancellation_before_anything_was_reserved_ends_the_steps(ours: Ours) -> None:
    booked, _ = await ours.put(planned(price_cents=30_000))
    async with ours.database.transaction(ours.region) as tx:
        await activities.cancel(tx, booked.code, Reason.ILLNESS, OFFICE, NOW, new_id())
    loop = BudgetLoop(ours.database, Treasury())
    assert await loop.run_once(NOW) == 1
    assert await loop.run_once(NOW) == 0


async def test_without_money_on_the_line_the_activity_is_cancelled_and_the_request_is_open_again(ours: Ours) -> None:
    await with_offers(ours.database, ours.region, count=1, price_cents=25_000)
    code = await with_a_request(ours.database, ours.region)
    waiting = await ours.accept(await ours.hold(code))
    await BudgetLoop(ours.database, Treasury(cents=0)).run_once(NOW)
    refused = await ours.activity(waiting.code)
    assert (refused.state, refused.reason) == (State.CANCELLED, Reason.NO_BUDGET)
    assert await ours.request_state(code) is RequestState.OPEN


async def test_an_import_again_is_unchanged_and_an_outside_cancellation_is_followed(ours: Ours) -> None:
    activity = planned("import-8812", external_ref="8812")

    async def put(pupils: int = 20, cancelled: bool = False) -> Result:
        async with ours.database.transaction(ours.region) as tx:
            plan = activities.Plan(activity, new_id(), pupils, cancelled)
            return (await activities.import_sign_up(tx, plan, OFFICE, NOW))[1]

    assert [await put(), await put(), await put(22)] == [Result.CREATED, Result.UNCHANGED, Result.CHANGED]
    assert await ours.taken("import-8812") == 22
    assert [await put(22, cancelled=True), await put(22, cancelled=True)] == [Result.CHANGED, Result.UNCHANGED]
    (fact,) = await ours.facts("activity-cancelled")
    assert fact["reason"] == "cancelled-elsewhere"
    assert len(await ours.facts("activity-booked")) == 1


async def test_first_imports_of_one_sign_up_at_the_same_moment_all_get_the_winners_answer(ours: Ours) -> None:
    activity = planned("import-8813", external_ref="8813")

    async def put() -> Result:
        async with ours.database.transaction(ours.region) as tx:
            return (await activities.import_sign_up(tx, activities.Plan(activity, new_id(), 20), OFFICE, NOW))[1]

    found = await asyncio.gather(*(put() for _ in range(4)))
    assert sorted(found, key=lambda each: each.name) == [Result.CREATED, *[Result.UNCHANGED] * 3]
    assert await ours.taken("import-8813") == 20


async def test_another_region_sees_nothing_of_it(ours: Ours) -> None:
    await with_offers(ours.database, ours.region)
    await ours.put(planned())
    neighbour = await a_region(ours.database, "sto-elders")
    async with ours.database.transaction(neighbour) as tx:
        assert await store.activity_by_code(tx, "open-dag") is None
        assert await catalogue_store.list_offers(tx, "", 100, None, None) == []
        assert await store.statistics(tx, None, None) == []
    async with ours.database.transaction(neighbour) as tx:
        assert await tx.fetchval("SELECT count(*) FROM activities") == 0


async def test_statistics_count_what_was_confirmed(ours: Ours) -> None:
    await ours.put(planned("one"))
    await ours.put(planned("two"))
    async with ours.database.transaction(ours.region) as tx:
        await activities.complete(tx, "one", HEADS, a_company(), AFTER)
    async with ours.database.transaction(ours.region) as tx:
        await activities.confirm(tx, "one", None, a_school(), AFTER)
    async with ours.database.transaction(ours.region) as tx:
        tallies = {tally.state: tally for tally in await store.statistics(tx, None, None)}
    assert (tallies["confirmed"].minutes, tallies["confirmed"].pupils, tallies["booked"].activities) == (270, 23, 1)


async def test_two_budget_loops_at_once_book_once(ours: Ours) -> None:
    booked, _ = await ours.put(planned(price_cents=30_000))
    treasury = Treasury()
    await asyncio.gather(*(BudgetLoop(ours.database, treasury).run_once(NOW) for _ in range(5)))
    await BudgetLoop(ours.database, treasury).run_once(NOW)
    assert treasury.reservations == {booked.id: "confirmed"}
    assert (treasury.cents, len(await ours.facts("activity-booked"))) == (70_000, 1)


async def test_the_next_company_can_accept_after_the_one_that_offered_itself_dropped_out(ours: Ours) -> None:
    await with_offers(ours.database, ours.region, count=2)
    code = await with_a_request(ours.database, ours.region)
    async with ours.database.transaction(ours.region) as tx:
        held = await matching.hold_candidate(tx, code, matching.Wish(new_id(), "offer-0"), a_company(0), NOW)
    async with ours.database.transaction(ours.region) as tx:
        await activities.cancel(tx, held.code, Reason.COMPANY_CANNOT, a_company(0), NOW, new_id())
    async with ours.database.transaction(ours.region) as tx:
        booked = await activities.accept(tx, f"{code}-2", a_company(1), NOW)
    assert (booked.state, booked.company_id) == (State.BOOKED, COMPANIES[1])

"""The intake as a command: booked, held, duplicate or refused, each with a receipt, and the books agree."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from asyncpg import InsufficientPrivilegeError

from runtime import closing
from runtime.postgres import Database
from runtime.problems import Unavailable
from services.funding.commands import ledger
from services.funding.store import partners, senders
from services.funding.store.partners import Standing
from tests.support.funding_intake import AT, Books, Owner, a_record, an_arrival, codes, evidence, material
from tests.support.servers import DatabaseFor


@pytest.fixture
async def books(database_for: DatabaseFor) -> AsyncIterator[Books]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=8)
    yield await Books(database).found("acme", "bouw")
    await database.close()


async def test_plausible_hours_are_booked_declared_and_verified_by_the_rule(books: Books) -> None:
    (receipt,) = await books.send(a_record("8842"))
    assert (receipt.outcome, receipt.value_cents, receipt.minutes, receipt.rule, receipt.state) == (
        "booked",
        11_250,
        135,
        "rate-hours",
        "verified",
    )
    assert await books.balances() == {"memo/verified/robotisering": (11_250, 135)}
    facts = [fact for fact, _ in await books.facts()]
    assert facts[-2:] == ["contribution-declared", "contribution-verified"]
    ((_, told),) = await books.facts("receipts.contributions.acme")
    assert told["id"] == "8842"


async def test_a_closed_region_refuses_what_is_new_with_a_receipt_and_takes_it_once_it_is_open_again(
    books: Books,
) -> None:
    (first,) = await books.send(a_record("1"))

    async def turn(closed: bool, sequence: int) -> None:
        async with books.database.transaction(books.id) as tx:
            await closing.hold(tx)
            await closing.keep(tx, closing.Closure(books.id, closed, "the end", AT, sequence))

    await turn(True, 2)
    before = await books.balances()
    receipts = await books.send(
        a_record("1"), a_record("2"), a_record("3", organisation="nobody"), a_record("4", withdraws="1")
    )
    assert [each.outcome for each in receipts] == ["duplicate", *["refused"] * 3]
    assert [codes(each) for each in receipts[1:]] == [["region-closed"]] * 3
    assert "replaces 2" in receipts[1].reasons[0].message["en"]
    assert await books.balances() == before
    await turn(False, 3)
    (mended,) = await books.send(a_record("5", replaces="2"))
    assert (mended.outcome, mended.value_cents) == ("booked", first.value_cents)


async def test_material_without_evidence_stays_declared(books: Books) -> None:
    bare, proven = await books.send(material("1"), material("2", evidence=evidence()))
    assert (bare.state, proven.state) == ("declared", "verified")
    assert await books.balances() == {
        "memo/declared/robotisering": (125_000, 0),
        "memo/verified/robotisering": (125_000, 0),
    }


async def test_every_record_of_a_batch_ends_as_exactly_one_outcome(books: Books) -> None:
    receipts = await books.send(
        a_record("1"),
        a_record("1"),
        a_record("1", minutes=60),
        a_record("2", line="robotica"),
        b"{not json",
        a_record("3", consortium="elsewhere"),
        a_record("4", organisation="nobody"),
        a_record("5", organisation="kvk:12345671"),
    )
    assert [each.outcome for each in receipts] == ["booked", "duplicate", *["refused"] * 5, "booked"]
    assert [codes(each) for each in receipts[2:7]] == [
        ["conflicting-content"],
        ["unknown-line"],
        ["malformed"],
        ["unknown-consortium"],
        ["unknown-organisation"],
    ]
    assert len(await books.facts("receipts.contributions.acme")) == 8
    assert await books.balances() == {"memo/verified/robotisering": (22_500, 270)}


async def test_the_same_delivery_again_says_nothing_again(books: Books) -> None:
    arrivals = [an_arrival(a_record("1")), an_arrival(b"\xff")]
    assert len(await books.send(*arrivals)) == 2
    assert await books.send(*arrivals) == []
    assert len(await books.facts("receipts.contributions.acme")) == 2


async def test_a_duplicate_is_told_what_became_of_the_first(books: Books) -> None:
    await books.send(a_record("1"), a_record("2", line="robotica"))
    booked, refused = await books.send(a_record("1"), a_record("2", line="robotica"))
    assert (booked.outcome, booked.first_outcome, booked.value_cents, booked.state) == (
        "duplicate",
        "booked",
        11_250,
        "verified",
    )
    assert (refused.outcome, refused.first_outcome, codes(refused)) == ("duplicate", "refused", ["unknown-line"])


async def test_hours_of_earlier_records_of_the_batch_count(books: Books) -> None:
    receipts = await books.send(
        a_record("1", minutes=600, workerRef="w"),
        a_record("2", minutes=300, workerRef="w"),
        a_record("3", minutes=300, workerRef="w"),
        a_record("4", minutes=300, workerRef="w", day="2023-05-03"),
    )
    assert [(each.outcome, each.state) for each in receipts] == [
        ("booked", "verified"),
        ("booked", "declared"),
        ("refused", None),
        ("booked", "verified"),
    ]
    assert codes(receipts[2]) == ["implausible-hours"]
    later = await books.send(a_record("5", minutes=61, workerRef="w"))
    assert codes(later[0]) == ["implausible-hours"]


async def test_a_correction_takes_the_place_of_what_it_replaces(books: Books) -> None:
    await books.send(a_record("1", minutes=900, workerRef="w"))
    (receipt,) = await books.send(a_record("2", minutes=480, workerRef="w", replaces="1", line="metaal"))
    assert (receipt.outcome, receipt.minutes) == ("booked", 480)
    assert await books.balances() == {"memo/verified/metaal": (40_000, 480)}
    assert [(each.record_id, each.state) for each in sorted(await books.contributions(), key=lambda c: c.minutes)] == [
        ("2", "verified"),
        ("1", "reversed"),
    ]
    told = [(data["id"], data.get("state"), data.get("settledBy")) for _, data in await books.facts(RECEIPTS)]
    assert told == [("1", "declared", None), ("2", "verified", None), ("1", "reversed", "2")]
    again = await books.send(a_record("3", replaces="1"))
    assert codes(again[0]) == ["unknown-reference"]
    assert "replaces 2" in again[0].reasons[0].message["en"]


async def test_a_correction_in_the_same_batch_is_a_correction_too(books: Books) -> None:
    receipts = await books.send(a_record("1"), a_record("2", minutes=60, replaces="1"), a_record("3", withdraws="2"))
    assert [each.outcome for each in receipts] == ["booked"] * 3
    assert await books.balances() == {}
    assert {each.state for each in await books.contributions()} == {"reversed"}


async def test_what_replaces_a_refused_correction_replaces_what_that_one_would_have(books: Books) -> None:
    await books.send(a_record("1"))
    assert codes((await books.send(a_record("2", line="robotica", replaces="1")))[0]) == ["unknown-line"]
    (receipt,) = await books.send(a_record("3", minutes=60, replaces="2"))
    assert receipt.outcome == "booked"
    assert await books.balances() == {"memo/verified/robotisering": (5_000, 60)}


async def test_a_withdrawal_undoes_the_entries_one_by_one(books: Books) -> None:
    await books.send(a_record("1"))
    (receipt,) = await books.send(a_record("2", withdraws="1", minutes=None, workerRef=None))
    assert (receipt.outcome, receipt.state, receipt.value_cents) == ("booked", "reversed", 0)
    assert await books.balances() == {}
    async with books.database.transaction(books.id) as tx:
        entries = [row["kind"] for row in await tx.fetch("SELECT kind FROM journal_entries ORDER BY entry_no")]
        verdict = await ledger.verify(tx, [])
    assert entries == [
        "contribution-declared",
        "contribution-verified",
        "contribution-verified-reversed",
        "contribution-declared-reversed",
    ]
    assert (verdict.imbalance_cents, verdict.balances) == (0, ())


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"withdraws": "never"}, "unknown-reference"),
        ({"withdraws": "1", "organisation": "bouw"}, "unknown-reference"),
        ({"withdraws": "refused"}, "unknown-reference"),
    ],
)
async def test_a_reference_that_leads_nowhere_is_refused(books: Books, sent: dict[str, Any], code: str) -> None:
    await books.send(a_record("1"), a_record("refused", line="robotica"))
    assert codes((await books.send(a_record("9", **sent)))[0]) == [code]
    assert await books.balances() == {"memo/verified/robotisering": (11_250, 135)}


async def test_a_lesson_refuses_the_same_hours_by_reference_and_holds_those_without(books: Books) -> None:
    await books.confirm()
    by_reference, without, other_day = await books.send(
        a_record("1", activityRef="lesson-1"), a_record("2"), a_record("3", day="2023-05-03")
    )
    assert (by_reference.outcome, codes(by_reference)) == ("refused", ["already-booked"])
    assert (without.outcome, codes(without)) == ("held", ["already-booked"])
    assert other_day.outcome == "booked"
    assert await books.balances() == {"memo/verified/robotisering": (22_500, 270)}


async def test_hours_that_came_first_by_reference_are_those_of_the_lesson(books: Books) -> None:
    await books.send(a_record("1", activityRef="lesson-1", minutes=135, workerRef="w"))
    assert await books.confirm() == []
    assert await books.balances() == {"memo/verified/robotisering": (11_250, 135)}
    late = await books.send(a_record("2", activityRef="lesson-1"))
    assert codes(late[0]) == ["already-booked"]


async def test_more_hours_than_the_school_confirmed_go_on_hold_and_the_lesson_books(books: Books) -> None:
    await books.send(a_record("1", activityRef="lesson-1", minutes=300))
    assert len(await books.confirm()) == 1
    assert await books.balances() == {"memo/verified/robotisering": (11_250, 135)}
    told = (await books.facts(RECEIPTS))[-1][1]
    assert (told["id"], told["outcome"], told["state"]) == ("1", "held", "held")


async def test_hours_that_came_first_without_reference_go_on_hold_when_the_lesson_books(books: Books) -> None:
    await books.send(a_record("1"), a_record("2", line="metaal"))
    assert len(await books.confirm()) == 1
    states = {each.record_id: each.state for each in await books.contributions()}
    assert states == {"1": "held", "2": "verified", None: "verified"}
    assert await books.balances() == {
        "memo/verified/metaal": (11_250, 135),
        "memo/verified/robotisering": (11_250, 135),
    }


async def test_evidence_counts_once_over_lines_and_regions_and_is_free_again_when_withdrawn(books: Books) -> None:
    neighbour = await Books(books.database, "sto-elders").found("acme", sender="other")
    first, shared, other_line = await books.send(
        material("1", evidence=evidence()),
        material("2", evidence=evidence()),
        material("3", evidence=evidence(), line="metaal"),
    )
    assert (first.outcome, shared.outcome, codes(other_line)) == ("booked", "booked", ["already-claimed-elsewhere"])
    theirs = material("1", consortium="sto-elders", evidence=evidence())
    assert codes((await neighbour.send(theirs, sender="other"))[0]) == ["already-claimed-elsewhere"]
    await books.send(material("4", withdraws="1"), material("5", withdraws="2"))
    again = {**theirs, "id": "2"}
    assert (await neighbour.send(again, sender="other"))[0].outcome == "booked"


async def test_the_same_time_of_a_worker_for_another_line_or_region_waits_for_a_person(books: Books) -> None:
    neighbour = await Books(books.database, "sto-elders").found("acme", sender="other")
    async with books.database.transaction(neighbour.id) as tx:
        await senders.put_mandate(tx, "acme", neighbour.organisation("acme"), date(2020, 1, 1), None)
    first, other_line, corrected, other_time, elsewhere = await books.send(
        a_record("1", workerRef="w"),
        a_record("2", workerRef="w", line="metaal"),
        a_record("3", workerRef="w", line="metaal", replaces="1"),
        a_record("4", workerRef="w", minutes=60),
        a_record("5", workerRef="w", consortium="sto-elders"),
    )
    assert [each.outcome for each in (first, other_line, corrected, other_time)] == [
        "booked",
        "held",
        "booked",
        "booked",
    ]
    assert codes(other_line) == ["already-claimed-elsewhere"]
    assert (elsewhere.outcome, codes(elsewhere)) == ("held", ["already-claimed-elsewhere"])
    assert "sto-test" not in elsewhere.reasons[0].message["en"] + elsewhere.reasons[0].message["nl"]
    await books.send(a_record("6", withdraws="3"))
    again = await books.send(a_record("7", workerRef="w", consortium="sto-elders"))
    assert again[0].outcome == "booked"


async def test_at_the_same_moment_only_one_region_takes_the_time_of_a_worker(books: Books) -> None:
    neighbour = await Books(books.database, "sto-elders").found("acme", sender="other")
    async with books.database.transaction(neighbour.id) as tx:
        await senders.put_mandate(tx, "acme", neighbour.organisation("acme"), date(2020, 1, 1), None)
    for number in range(4):
        worker = f"w-{number}"
        found = await asyncio.gather(
            books.send(a_record(f"a{number}", workerRef=worker)),
            books.send(a_record(f"b{number}", workerRef=worker, consortium="sto-elders")),
        )
        assert sorted(each.outcome for (each,) in found) == ["booked", "held"]


async def test_hours_that_another_system_or_the_umbrella_declared_wait_for_a_person(books: Books) -> None:
    async with books.database.transaction(books.id) as tx:
        await senders.put(tx, senders.Sender("payroll", "Payroll"))
        for company in ("acme", "bouw"):
            await senders.put_mandate(tx, "payroll", books.organisation(company), date(2020, 1, 1), None)
        through = Standing(
            books.organisation("acme"), "umbrella", date(2020, 1, 1), None, True, books.organisation("bouw")
        )
        await partners.save_standing(tx, books.organisation("acme"), [through], 2)
    await books.send(a_record("1"), a_record("2", line="metaal", activityRef="lesson-1"))
    same, another_lesson, umbrella, more = await books.send(
        a_record("1"),
        a_record("2", line="metaal", activityRef="lesson-2"),
        a_record("3", organisation="bouw"),
        a_record("4", organisation="bouw", minutes=60, workerRef="v"),
        sender="payroll",
    )
    assert [(each.outcome, codes(each)) for each in (same, umbrella)] == [("held", ["already-booked"])] * 2
    assert (another_lesson.outcome, more.outcome) == ("booked", "booked")
    assert [each.reasons[0].field for each in (same, umbrella)] == ["line", "organisation"]


async def test_what_goes_through_a_branch_or_the_umbrella_counts_once_whoever_comes_first(books: Books) -> None:
    branch, acme, bouw = (books.organisation(code) for code in ("acme-zuid", "acme", "bouw"))
    async with books.database.transaction(books.id) as tx:
        await senders.put(tx, senders.Sender("payroll", "Payroll"))
        await partners.save_organisation(
            tx, partners.Organisation(branch, "acme-zuid", "Acme Zuid", "company", {"kvk": "12345670"}), 1
        )
        await senders.put_mandate(tx, "payroll", branch, date(2020, 1, 1), None)
        party = Standing(branch, "party", date(2020, 1, 1), None, True, None)
        await partners.save_standing(tx, branch, [party], 1)
        through = Standing(acme, "umbrella", date(2020, 1, 1), None, True, bouw)
        await partners.save_standing(tx, acme, [through], 2)
    await books.send(a_record("1"))
    await books.confirm(activity_id=books.organisation("gave"), activity_ref="gave", day=date(2023, 5, 3))
    held = await books.send(
        a_record("1", organisation="acme-zuid"),
        a_record("2", organisation="acme-zuid", day="2023-05-03", minutes=60),
        sender="payroll",
    )
    held += await books.send(a_record("3", organisation="bouw", day="2023-05-03"))
    assert [(each.outcome, codes(each)) for each in held] == [("held", ["already-booked"])] * 3
    await books.send(a_record("4", organisation="acme-zuid", day="2023-05-04", minutes=60), sender="payroll")
    await books.send(
        a_record("5", organisation="bouw", day="2023-05-04"), a_record("6", organisation="bouw", day="2023-05-05")
    )
    for day in (4, 5):
        ref = f"lesson-{day}"
        await books.confirm(activity_id=books.organisation(ref), activity_ref=ref, day=date(2023, 5, day))
    assert await books.balances() == {"memo/verified/robotisering": (4 * 11_250, 4 * 135)}


async def test_rivals_through_two_branches_never_both_pass(books: Books) -> None:
    branch = books.organisation("acme-zuid")
    async with books.database.transaction(books.id) as tx:
        await partners.save_organisation(
            tx, partners.Organisation(branch, "acme-zuid", "Acme Zuid", "company", {"kvk": "12345670"}), 1
        )
        await senders.put_mandate(tx, "acme", branch, date(2020, 1, 1), None)
        party = Standing(branch, "party", date(2020, 1, 1), None, True, None)
        await partners.save_standing(tx, branch, [party], 1)
    for day in range(2, 6):
        found = await asyncio.gather(
            books.send(
                a_record(
                    f"a{day}", day=f"2023-05-0{day}", organisation=f"org:{books.organisation('acme')}", workerRef="w"
                )
            ),
            books.send(a_record(f"b{day}", day=f"2023-05-0{day}", organisation="acme-zuid", workerRef="w")),
        )
        assert sorted(each.outcome for (each,) in found) == ["booked", "held"]


async def test_no_region_reads_what_others_claimed(books: Books) -> None:
    await books.send(material("1", evidence=evidence()))
    async with books.database.transaction(books.id) as tx:
        (claimed,) = await tx.fetch("SELECT fingerprint, place FROM fingerprint_claims")
        told = await tx.fetch("SELECT * FROM places_of_fingerprints($1)", [claimed["fingerprint"]])
        assert [dict(row) for row in told] == [dict(claimed)]
        assert await tx.fetch("SELECT * FROM places_of_fingerprints($1)", [b"guess"]) == []
    for statement in ("SELECT * FROM fingerprints", "DELETE FROM fingerprints"):
        async with books.database.transaction(books.id) as tx:
            with pytest.raises(InsufficientPrivilegeError):
                await tx.fetch(statement)


async def test_no_standing_is_refused_only_when_partners_says_so(books: Books) -> None:
    await books.no_standing()
    question = (books.id, books.organisation("acme"), date(2023, 5, 2))
    books.owner = Owner(away=Unavailable(what="partners"))
    with pytest.raises(Unavailable):
        await books.send(a_record("1"))
    assert await books.facts(RECEIPTS) == []
    books.owner = Owner({question: True})
    assert (await books.send(a_record("1")))[0].outcome == "booked"
    books.owner = Owner()
    assert codes((await books.send(a_record("2")))[0]) == ["no-standing"]
    assert books.owner.asked == [question]


async def test_partners_is_not_asked_about_those_it_told_of(books: Books) -> None:
    await books.send(a_record("1"), a_record("2", organisation="bouw"))
    assert books.owner.asked == []


async def test_a_sender_declares_only_for_whom_it_has_a_mandate(books: Books) -> None:
    await Books(books.database, "sto-elders").found("acme", sender="other")
    (receipt,) = await books.send(a_record("1"), sender="other")
    assert codes(receipt) == ["not-mandated"]


async def test_rivals_for_one_workers_day_never_pass_a_check_that_they_fail_together(books: Books) -> None:
    records = [a_record(str(number), minutes=300, workerRef="w") for number in range(8)]
    receipts = await asyncio.gather(*(books.send(record) for record in records))
    assert sorted(each.outcome for (each,) in receipts) == ["booked"] * 3 + ["refused"] * 5
    assert await books.balances() == {
        "memo/verified/robotisering": (50_000, 600),
        "memo/declared/robotisering": (25_000, 300),
    }


async def test_a_lesson_and_its_hours_at_the_same_moment_count_once(books: Books) -> None:
    for number in range(6):
        day, reference = date(2023, 5, 2 + number), f"lesson-{number}"
        sent = a_record(f"r{number}", day=day.isoformat(), activityRef=reference)
        lesson = {"activity_id": books.organisation(reference), "activity_ref": reference, "day": day}
        await asyncio.gather(books.send(sent), books.confirm(**lesson))
    assert await books.balances() == {"memo/verified/robotisering": (6 * 11_250, 6 * 135)}


RECEIPTS = "receipts.contributions.acme"

"""Moving money between lines over HTTP: by two persons, with a reason, and never what is spoken for."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from services.funding.commands import reservations
from tests.support.funding_books import AT
from tests.support.funding_door import PLAN, Door
from tests.support.funding_door import door as door

BODY: dict[str, Any] = {
    "grant": "sto-2020",
    "effectiveOn": "2020-01-01",
    "reason": "Corlaer starts a year later.",
    "moves": [{"from": "corlaer", "to": "instroom", "cents": 1_000}],
}


async def divided(door: Door) -> dict[str, int]:
    """The lines of a division in force."""
    proposed = (await door.set_up()).json()
    assert (await approve(door, proposed["id"])).status_code == 200
    return {line["line"]: line["cents"] for line in proposed["lines"]}


async def approve(door: Door, allocation: str, subject: str = "bram") -> Any:
    return await door.ask("POST", f"/allocations/{allocation}/approval", subject=subject, role="controller")


async def budgets(door: Door) -> dict[str, int]:
    return {each["line"]: each["allocatedCents"] for each in (await door.ask("GET", "/budgets")).json()}


async def test_the_office_moves_money_and_another_person_approves_it(door: Door) -> None:
    before = await divided(door)
    preview = await door.ask("POST", "/reallocations/preview", {key: BODY[key] for key in ("grant", "moves")})
    changes = {each["line"]: each["changeCents"] for each in preview.json()["lines"] if each["changeCents"]}
    assert changes == {"corlaer": -1_000, "instroom": 1_000}
    made = await door.ask("PUT", "/reallocations/2020-09", BODY)
    assert (made.status_code, made.headers["result"]) == (201, "created"), made.text
    assert made.json()["moves"] == BODY["moves"]
    again = await door.ask("PUT", "/reallocations/2020-09", BODY)
    assert (again.headers["result"], again.json()["id"]) == ("unchanged", made.json()["id"])
    assert await budgets(door) == before
    same = await approve(door, made.json()["id"], "ada/2")
    assert (same.status_code, same.json()["code"]) == (403, "same-person")
    assert (await approve(door, made.json()["id"])).json()["state"] == "effective"
    assert await budgets(door) == {
        **before,
        "corlaer": before["corlaer"] - 1_000,
        "instroom": before["instroom"] + 1_000,
    }
    assert (await door.ask("PUT", "/reallocations/2020-09", BODY)).headers["result"] == "unchanged"
    assert (await door.ask("PUT", "/allocations/verdeling", PLAN)).headers["result"] == "unchanged"
    entries = await door.ask("GET", f"/ledger/entries?subjectKind=allocation&subjectId={made.json()['id']}")
    entry = entries.json()["items"][0]
    assert entry["reason"] == BODY["reason"]
    assert [(each["account"], each["cents"]) for each in entry["postings"]] == [
        ("grant/line/corlaer", 1_000),
        ("grant/line/instroom", -1_000),
    ]


async def test_what_is_spoken_for_stays_when_it_is_proposed_and_when_it_is_approved(door: Door) -> None:
    before = await divided(door)
    all_of_it = {**BODY, "moves": [{"from": "corlaer", "to": "unallocated", "cents": before["corlaer"]}]}
    made = await door.ask("PUT", "/reallocations/all", all_of_it)
    assert made.status_code == 201, made.text
    async with door.region.transaction() as tx:
        await reservations.reserve(tx, uuid4(), "corlaer", 1, "a hall", at=AT)
    late = await approve(door, made.json()["id"])
    assert (late.status_code, late.json()["code"]) == (409, "line-below-committed")
    early = await door.ask("PUT", "/reallocations/all-again", all_of_it)
    assert (early.status_code, early.json()["code"]) == (409, "line-below-committed")
    assert await budgets(door) == before


async def test_of_two_that_start_from_one_version_only_one_is_approved(door: Door) -> None:
    before = await divided(door)
    first = (await door.ask("PUT", "/reallocations/a", BODY)).json()["id"]
    other = {**BODY, "moves": [{"from": "metaal", "to": "corlaer", "cents": 5}]}
    second = (await door.ask("PUT", "/reallocations/b", other)).json()["id"]
    answers = await asyncio.gather(approve(door, first), approve(door, second))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert sum((await budgets(door)).values()) == sum(before.values())
    lost = ("a", BODY) if answers[0].status_code == 409 else ("b", other)
    anew = await door.ask("PUT", f"/reallocations/{lost[0]}", lost[1])
    assert (anew.headers["result"], anew.json()["state"]) == ("changed", "proposed")
    assert (await approve(door, anew.json()["id"])).status_code == 200


async def test_a_reallocation_for_a_later_day_waits_and_another_is_refused_meanwhile(door: Door) -> None:
    before = await divided(door)
    later = {**BODY, "effectiveOn": str(datetime.now(UTC).date() + timedelta(days=30))}
    made = await door.ask("PUT", "/reallocations/later", later)
    assert (await approve(door, made.json()["id"])).json()["state"] == "approved"
    assert await budgets(door) == before
    refused = await door.ask("PUT", "/reallocations/now", BODY)
    assert (refused.status_code, refused.json()["code"]) == (409, "version-waits")


async def test_a_reallocation_needs_a_reason_a_division_and_lines_that_take_money(door: Door) -> None:
    proposed = (await door.set_up()).json()
    early = await door.ask("PUT", "/reallocations/x", BODY)
    assert (early.status_code, early.json()["code"]) == (409, "nothing-divided")
    await approve(door, proposed["id"])
    for change, code in (
        ({"reason": ""}, "invalid-input"),
        ({"moves": []}, "invalid-input"),
        ({"moves": [{"from": "corlaer", "to": "corlaer", "cents": 1}]}, "no-move"),
        ({"moves": [{"from": "corlaer", "to": "corlaar", "cents": 1}]}, "unknown-line"),
    ):
        answer = await door.ask("PUT", "/reallocations/x", {**BODY, **change})
        assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    taken = await door.ask("PUT", "/reallocations/verdeling", BODY)
    assert (taken.status_code, taken.json()["code"]) == (409, "reallocation-rewritten")
    for who in ("controller", "accountant"):
        assert (await door.ask("PUT", "/reallocations/x", BODY, role=who)).status_code == 403
    elsewhere = await door.ask("PUT", "/reallocations/x", BODY, at=uuid4())
    assert elsewhere.status_code in (404, 409)

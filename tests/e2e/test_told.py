"""A cancelled day is told to everyone once, by the services as they run, and no address stays behind."""

import asyncio
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import asyncpg
import httpx2
import pytest

from cli.portal import Portal
from deploy.embedded.supervisor import Stack
from runtime.ids import consortium_id

REGION = consortium_id("sto-verzonnen")
CONSORTIUM = {
    "name": "STO Verzonnen",
    "zone": "Europe/Amsterdam",
    "currency": "EUR",
    "language": "nl",
    "standingPolicy": ["party"],
}
DAY = {"title": "Slotdag", "kind": "session", "day": "2019-03-29", "audience": "everyone", "remindDaysBefore": [7]}
GONE = {**DAY, "cancelled": True, "reason": "de zaal is er niet", "announce": True}
PEOPLE = {"bo": "nl", "mats": "sv", "zoe": "en"}


async def summary(office: Portal, **wanted: int) -> dict[str, Any]:
    """What notifications counts, once it counts this."""
    found: dict[str, Any] = {}
    try:
        async with asyncio.timeout(30):
            while any(found.get(key) != count for key, count in {**wanted, "waiting": 0}.items()):
                found = await office.get("notifications", "/v1/notices/summary")
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"it counts {found}")
    return found


async def everything_kept(url: str) -> str:
    """All rows of all tables of a database."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [await connection.fetch(f'SELECT * FROM "{table["tablename"]}"') for table in tables]
    finally:
        await connection.close()
    return repr([[tuple(row) for row in each] for each in rows])


@pytest.mark.timeout(180)
async def test_a_cancelled_day_is_told_once_and_no_address_stays_behind(tmp_path: Path) -> None:
    async with (
        Stack(services=("partners", "notifications"), runs=tmp_path, progress=lambda _: None) as stack,
        httpx2.AsyncClient(timeout=20) as client,
    ):
        office = await Portal.sign_in(client, stack, "office-1", ["office"], REGION)
        await office.put("partners", "/v1/consortia/sto-verzonnen", CONSORTIUM)
        for name, language in PEOPLE.items():
            person = {"name": f"{name} Planted", "email": f"{name}@planted.example", "language": language, "roles": []}
            await office.put("partners", f"/v1/persons/{name}", person)
        await office.get("notifications", "/v1/milestones", **{"Wait-For": office.events[0]})
        await office.put("notifications", "/v1/milestones/slotdag", DAY)
        await office.put("notifications", "/v1/milestones/slotdag", GONE)
        await summary(office, sent=3)
        assert (await office.put("notifications", "/v1/milestones/slotdag", GONE))["cancelled"]
        counted = await summary(office, sent=3, suppressedDuplicates=3)
        assert (counted["failed"], counted["unknown"], counted["later"]) == (0, 0, 0)

        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in stack.inbox.glob("*.eml")]
        assert sorted(str(mail["Subject"]) for mail in mails) == [
            "Cancelled: Slotdag on Friday 29 March 2019",
            "Gaat niet door: Slotdag op vrijdag 29 maart 2019",
            "Inställt: Slotdag fredag 29 mars 2019",
        ]
        assert sorted(str(mail["To"]).split("<")[1] for mail in mails) == sorted(
            f"{name}@planted.example>" for name in PEOPLE
        )
        kept = await everything_kept(stack.databases["notifications"].superuser_url)
        logs = stack.log("notifications").read_text() + stack.telemetry_files["notifications"].read_text()
    assert "milestone-cancelled" in kept
    assert "Planted" not in kept + logs
    assert "planted.example" not in kept + logs

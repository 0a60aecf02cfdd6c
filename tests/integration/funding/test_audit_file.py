"""The audit file of a report: checked where it was unpacked, without us, and followed from a number to its evidence."""

import asyncio
import csv
import hashlib
import html
import io
import re
import subprocess
import sys
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from runtime import ids
from services.funding.domain.contribution import Lesson
from tests.support.funding_books import book_lesson
from tests.support.funding_door import Door
from tests.support.funding_door import door as door
from tests.support.servers import Servers

REPORT = {"grant": "sto-2020", "from": "2021-01-01", "until": "2021-12-31"}
PATH = "/progress-reports/voortgang-1"
EVIDENCE = "ab" * 32


async def seal(door: Door, at: datetime = datetime(2021, 12, 31, 12, tzinfo=UTC)) -> None:
    await door.region.sealer(at).run_once()


async def bring_in(door: Door, day: date, minutes: int) -> UUID:
    """Accepted hours of a lesson; its contribution's activity."""
    activity = ids.new_id()
    async with door.region.transaction() as tx:
        lesson = Lesson(activity, f"les-{day}-{minutes}", UUID(int=8), "metaal", day, minutes)
        await book_lesson(tx, lesson, at=datetime(2021, 12, 1, tzinfo=UTC))
    answer = await door.ask(
        "POST", "/contribution-acceptances", {"upTo": "2024-12-31"}, subject="bram", role="controller"
    )
    assert answer.status_code == 201
    return activity


@pytest.fixture
async def reported(door: Door) -> Door:
    """A grant that was divided and paid, with hours and a deliverable, sealed and reported."""
    proposed = await door.set_up()
    path = f"{proposed.headers['location'].removeprefix('/v1')}/approval"
    assert (await door.ask("POST", path, subject="bram", role="controller")).status_code == 200
    await door.ask("PUT", "/grants/sto-2020/instalments/2020", {"cents": 250_000_000, "receivedOn": "2020-01-31"})
    await bring_in(door, date(2020, 5, 2), 60)
    await bring_in(door, date(2021, 5, 2), 125)
    await door.ask(
        "PUT",
        "/deliverables/lessen",
        {"line": "metaal", "title": "=Lessons", "unit": "lessons", "planned": 40, "due": "2021-12-31"},
    )
    await door.ask("POST", "/deliverables/lessen/achievements", {"number": 12, "on": "2021-05-01", "evidence": "list"})
    await seal(door)
    assert (await door.ask("PUT", PATH, REPORT)).status_code == 201
    return door


async def sign(door: Door, **changes: Any) -> httpx2.Response:
    sha256 = (await door.ask("GET", PATH)).json()["sha256"]
    who = {"subject": "bram", "role": "controller"} | changes.pop("who", {})
    return await door.ask("POST", f"{PATH}/sign-offs", {"sha256": sha256, **changes}, **who)


async def unpacked(door: Door, into: Path) -> Path:
    answer = await door.ask("GET", f"{PATH}/audit-file", role="accountant", subject="carla")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        packed.extractall(into)
    return into


async def verify(folder: Path, *arguments: str, bare: bool = False) -> tuple[int, str]:
    """Runs the verifier that is in the folder, from there: isolated, and bare of every package but Python's own."""
    flags = ["-I", "-S"] if bare else ["-I"]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *flags, str(folder / "verify.py"), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


async def test_the_verifier_in_the_file_needs_nothing_but_python_and_says_whether_it_checked_signatures(
    reported: Door, tmp_path: Path
) -> None:
    assert (await sign(reported)).status_code == 201
    folder = await unpacked(reported, tmp_path)
    status, said = await verify(folder)
    assert status == 0, said
    assert "WHOLE" in said
    assert re.search(r"signatures checked: [1-9]", said)
    status, said = await verify(folder, bare=True)
    assert status == 0, said
    assert "signatures NOT checked" in said
    report = (await reported.ask("GET", PATH)).json()
    held = f"{report['content']['seal']['count']}:{report['content']['seal']['head']}"
    assert (await verify(folder, "--anchor", held, "--report", report["sha256"]))[0] == 0
    assert (await verify(folder, "--anchor", f"1:{'0' * 64}"))[0] == 1
    assert (await verify(folder, "--report", "0" * 64))[0] == 1
    assert (await verify(folder, "--key", "0" * 64))[0] == 1


async def test_one_changed_byte_in_any_file_fails_and_says_where(reported: Door, tmp_path: Path) -> None:
    folder = await unpacked(reported, tmp_path)
    names = ["ledger.jsonl", "report.json", "numbers.json", "contributions.csv", "index.html", "about.json"]
    for name in [*names, "rules.csv", "manifest.sha256"]:
        path = folder / name
        kept = path.read_bytes()
        place = len(kept) // 2
        path.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
        status, said = await verify(folder)
        assert (status, name in said) == (1, True), (name, said)
        path.write_bytes(kept)
    assert (await verify(folder))[0] == 0


async def test_an_entry_changed_along_with_the_list_of_files_is_still_not_what_was_sealed(
    reported: Door, tmp_path: Path
) -> None:
    folder = await unpacked(reported, tmp_path)
    ledger = (folder / "ledger.jsonl").read_text(encoding="utf-8")
    changed = ledger.replace(",125]", ",126]").replace(",-125]", ",-126]")
    assert changed != ledger
    (folder / "ledger.jsonl").write_text(changed, encoding="utf-8")
    listing = (folder / "manifest.json").read_text(encoding="utf-8")
    listing = listing.replace(_sha(ledger.encode()), _sha(changed.encode()))
    (folder / "manifest.json").write_text(listing, encoding="utf-8")
    (folder / "manifest.sha256").write_text(_sha(listing.encode()), encoding="utf-8")
    status, said = await verify(folder, bare=True)
    assert status == 1
    assert re.search(r"BROKEN ledger.jsonl: batch \d+, entry [0-9a-f-]{36}: the entry is not what was sealed", said)


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


async def test_a_number_is_traced_to_its_evidence_in_three_steps(
    reported: Door, servers: Servers, tmp_path: Path
) -> None:
    async with reported.region.transaction() as tx:
        database = await tx.fetchval("SELECT current_database()")
        found = await tx.fetchrow("SELECT contribution_id, day FROM contributions WHERE minutes = 125")
    assert found is not None
    owner = await asyncpg.connect(servers.url(database))
    await owner.execute(
        "INSERT INTO intake_records (consortium_id, intake_id, sender, record_id, record, origin, received_at, state,"
        " outcome, reasons, content, contribution_id, version) VALUES ($1, $2, 'erp', 'r-1', 'r', 'intake', now(),"
        " 'booked', 'booked', '[]', $3, $4, 1)",
        reported.region.id,
        ids.new_id(),
        f'{{"evidence": [{{"type": "timesheet", "sha256": "{EVIDENCE}", "keptAt": "archive/7"}}]}}',
        found["contribution_id"],
    )
    await owner.execute(
        "UPDATE contributions SET sender = 'erp', record_id = 'r-1', school_word = 'no', school_by = $2,"
        " approved_by = $3 WHERE contribution_id = $1",
        found["contribution_id"],
        UUID(int=91),
        UUID(int=92),
    )
    await owner.close()
    folder = await unpacked(reported, tmp_path)
    index = (folder / "index.html").read_text(encoding="utf-8")
    row = next(row for row in index.splitlines() if "lines metaal realisedInPeriodMinutes" in row)
    assert "2 h 05" in row
    first = html.unescape(re.findall(r'href="([^"]+)"', row)[0])
    entries = (folder / first).read_text(encoding="utf-8")
    line = next(line for line in entries.splitlines() if "2021-05-02" in line)
    second = html.unescape(re.findall(r'href="([^"]+)"', line)[0])
    page, _, name = second.partition("#")
    contributions = ((folder / first).parent / page).read_text(encoding="utf-8")
    evidence = next(line for line in contributions.splitlines() if f'id="{name}"' in line)
    assert name == str(found["contribution_id"])
    assert EVIDENCE in evidence
    assert "archive/7" in evidence
    with (folder / "contributions.csv").open(encoding="utf-8", newline="") as file:
        listed = {each["contribution"]: each for each in csv.DictReader(file)}[name]
    hands = ("verified_how", "school_word", "school_by", "approved_by")
    assert [listed[each] for each in hands] == ["school", "no", str(UUID(int=91)), str(UUID(int=92))]
    assert listed["accepted_by"] not in ("", listed["approved_by"])
    assert "http" not in index.replace("http-equiv", "")
    assert "'=Lessons" in (folder / "deliverables.csv").read_text(encoding="utf-8")


async def test_a_report_is_signed_off_by_a_second_person_over_its_hash_and_once(reported: Door) -> None:
    own = await sign(reported, who={"subject": "ada/two"})
    assert (own.status_code, own.json()["code"]) == (403, "same-person")
    other = await sign(reported, sha256="0" * 64)
    assert (other.status_code, other.json()["code"]) == (409, "other-hash")
    office = await sign(reported, who={"role": "office"})
    assert office.status_code == 403
    answers = await asyncio.gather(*(sign(reported) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert (await sign(reported, who={"subject": "dirk"})).json()["position"] == 2
    signed = (await reported.ask("GET", f"{PATH}/sign-offs")).json()
    assert [(each["position"], each["role"]) for each in signed] == [(1, "controller"), (2, "controller")]


async def test_an_export_tells_how_far_it_is_and_the_hash_of_all_that_was_sent(reported: Door) -> None:
    answer = await reported.ask("GET", f"{PATH}/audit-file")
    told = (await reported.ask("GET", f"/exports/{answer.headers['export-id']}")).json()
    assert (told["state"], told["rowsDone"], told["bytesSent"]) == ("complete", told["rowsTotal"], len(answer.content))
    assert told["sha256"] == _sha(answer.content)
    assert told["rowsTotal"] > 0
    elsewhere = ids.new_id()
    for path in (f"/exports/{told['id']}", f"{PATH}/audit-file", f"{PATH}/sign-offs"):
        assert (await reported.ask("GET", path, at=elsewhere)).status_code == 404
    assert (await reported.ask("GET", "/exports", at=elsewhere)).json() == []

"""Evidence that is stored here: claimed with by who stored it, seen by who may see the claim, proved by its hash."""

import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from runtime.ids import new_id
from services.funding.api.evidence import Keeping
from services.funding.domain.evidence import MOST_UNCLAIMED
from tests.integration.funding.doors import NEIGHBOUR, REGION, Funding, open_doors
from tests.support.servers import DatabaseFor

PDF = b"%PDF-1.7\nan invoice of 400 euro\n"
SHA = hashlib.sha256(PDF).hexdigest()
CORLAER: dict[str, Any] = {"role": "school", "organisation": "corlaer", "name": "sam"}
ELEMENT: dict[str, Any] = {"role": "school", "organisation": "het-element", "name": "eva"}


@pytest.fixture
async def funding(database_for: DatabaseFor) -> AsyncIterator[Funding]:
    async with open_doors(database_for) as made:
        await made.region.found()
        await made.region.plan()
        await made.region.grant()
        await made.region.approve(await made.region.propose())
        for school in ("corlaer", "het-element"):
            await made.region.organisation(school, "vmbo")
        yield made


async def upload(
    funding: Funding,
    content: bytes = PDF,
    media_type: str = "application/pdf",
    *,
    role: str = "school",
    organisation: str = "corlaer",
    name: str = "sam",
) -> Any:
    headers = {
        "Authorization": f"{role} {REGION} {organisation} {name}",
        "Content-Type": media_type,
        "Idempotency-Key": str(new_id()),
    }
    return await funding.http.post("/v1/evidence-files", content=content, headers=headers)


async def claim(funding: Funding, school: dict[str, Any], sha256: str = SHA) -> Any:
    code = f"order-{school['organisation']}"
    body = {"line": "instroom", "cents": 1_000, "purpose": "robot", "organisation": school["organisation"]}
    commitment = (await funding.ask("PUT", f"/commitments/{code}", body)).json()["id"]
    proof = {"sha256": sha256, "stored": True}
    asked = {"commitmentId": commitment, "cents": 400, "about": "first part", "evidence": [proof]}
    return await funding.ask("POST", "/claims", asked, **school)


@pytest.mark.parametrize("in_folder", [False, True])
async def test_a_school_stores_a_file_claims_with_it_and_gets_it_back(
    funding: Funding, tmp_path: Path, in_folder: bool
) -> None:
    folder = tmp_path / "evidence"
    funding.app.state.evidence = Keeping(folder if in_folder else None, 1_000)
    stored = await upload(funding)
    assert stored.status_code == 201, stored.text
    assert stored.json() == {"sha256": SHA, "mediaType": "application/pdf", "bytes": len(PDF)}
    for again in (await upload(funding), await upload(funding, role="office", organisation="-", name="ada")):
        assert again.json() == stored.json()
    made = await claim(funding, CORLAER)
    assert made.status_code == 201, made.text
    assert made.json()["evidence"] == [
        {"sha256": SHA, "mediaType": "application/pdf", "keptAt": f"evidence-files/{SHA}", "stored": True}
    ]
    path = f"/claims/{made.json()['id']}/evidence/{SHA}"
    for who in (CORLAER, {"role": "controller", "name": "bram"}, {"role": "accountant", "name": "carla"}):
        answer = await funding.ask("GET", path, **who)
        assert (answer.status_code, answer.content) == (200, PDF)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="evidence-{SHA[:16]}.pdf"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert (await funding.ask("GET", path, **ELEMENT)).status_code == 404
    assert (await funding.ask("GET", path, region=NEIGHBOUR)).status_code == 404
    async with funding.region.transaction() as tx:
        rows = await tx.fetch("SELECT content IS NULL AS away FROM evidence_files")
    assert [row["away"] for row in rows] == [in_folder]
    if in_folder:
        [place] = [each for each in folder.rglob("*") if each.is_file()]
        assert place.read_bytes() == PDF
        place.write_bytes(PDF + b" ")
        damaged = await funding.ask("GET", path, **CORLAER)
        assert (damaged.status_code, damaged.json()["code"]) == (503, "evidence-damaged")
        await upload(funding)
        assert (await funding.ask("GET", path, **CORLAER)).content == PDF


async def test_a_hash_that_somebody_overheard_opens_nothing(funding: Funding) -> None:
    await upload(funding)
    assert (await claim(funding, CORLAER)).status_code == 201
    stolen = await claim(funding, ELEMENT)
    assert (stolen.status_code, stolen.json()["code"]) == (400, "evidence-not-stored")
    unknown = await claim(funding, CORLAER, "cd" * 32)
    assert unknown.json()["code"] == "evidence-not-stored"
    await upload(funding, organisation="het-element", name="eva")
    assert (await claim(funding, ELEMENT)).status_code == 201


async def test_a_file_is_refused_by_its_content_its_size_and_who_sends_it(funding: Funding) -> None:
    funding.app.state.evidence = Keeping(None, 100)
    for content, media_type, status, code in (
        (b"<html>", "application/pdf", 400, "evidence-not-as-said"),
        (b"<html>", "text/html", 415, "evidence-type-not-taken"),
        (b"", "application/pdf", 400, "evidence-empty"),
        (PDF + bytes(100), "application/pdf", 413, "evidence-too-large"),
    ):
        answer = await upload(funding, content, media_type)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    for role in ("controller", "accountant", "sender"):
        assert (await upload(funding, role=role)).status_code == 403
    by_both = {"sha256": SHA, "stored": True, "mediaType": "application/pdf", "keptAt": "x"}
    for proof in (by_both, {"sha256": SHA}):
        body = {"commitmentId": str(new_id()), "cents": 1, "about": "x", "evidence": [proof]}
        assert (await funding.ask("POST", "/claims", body, **CORLAER)).status_code == 400


async def test_who_stores_without_claiming_comes_to_an_end(funding: Funding) -> None:
    for number in range(MOST_UNCLAIMED):
        assert (await upload(funding, f"note {number}".encode(), "text/plain")).status_code == 201
    full = await upload(funding)
    assert (full.status_code, full.json()["code"]) == (409, "too-many-unclaimed")
    assert (await upload(funding, b"note 7", "text/plain")).status_code == 201
    assert (await claim(funding, CORLAER, hashlib.sha256(b"note 7").hexdigest())).status_code == 201
    assert (await upload(funding)).status_code == 201


async def test_the_database_keeps_what_was_stored_and_the_audit_file_names_it(funding: Funding) -> None:
    await upload(funding)
    made = (await claim(funding, CORLAER)).json()["id"]
    await funding.ask("POST", f"/claims/{made}/approval", role="controller", name="bram")
    for change in ("UPDATE evidence_files SET media_type = 'x'", "DELETE FROM evidence_files"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with funding.region.transaction() as tx:
                await tx.execute(change)
    await funding.region.sealer(datetime(2021, 1, 1, tzinfo=UTC)).run_once()
    report = {"grant": "sto-2020", "from": "2020-01-01", "until": "2020-12-31"}
    answer = await funding.ask("PUT", "/progress-reports/p1", report)
    assert answer.status_code == 201, answer.text
    file = await funding.ask("GET", "/progress-reports/p1/audit-file", role="accountant", name="carla")
    with zipfile.ZipFile(io.BytesIO(file.content)) as unpacked:
        table = unpacked.read("claims.csv").decode().splitlines()
        pages = [name for name in unpacked.namelist() if name.startswith("entries/grant~claimed~instroom/")]
        linked = "".join(unpacked.read(name).decode() for name in pages)
        assert f'id="{made}"' in unpacked.read("claims.html").decode()
    assert len(table) == 2
    assert made in table[1]
    assert SHA in table[1]
    assert f"claims.html#{made}" in linked

"""Commitments and claims over HTTP and gRPC: who may see, claim, decide and pay."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from speerpunt.funding.v1 import funding_pb2 as pb

from tests.integration.funding.doors import NEIGHBOUR, REGION, Funding, open_doors
from tests.support.servers import DatabaseFor

PROOF = {"sha256": "ab" * 32, "mediaType": "application/pdf", "keptAt": "archive/17"}
COMMITMENT = {"line": "instroom", "cents": 100_000, "purpose": "welding robot", "organisation": "corlaer"}
REASON = {"reasonCode": "no-evidence", "reason": "The invoice is of another year."}


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


async def committed(funding: Funding) -> str:
    answer = await funding.ask("PUT", "/commitments/lasrobot", COMMITMENT)
    assert (answer.status_code, answer.headers["result"]) == (201, "created"), answer.text
    return str(answer.json()["id"])


async def claimed(funding: Funding, commitment: str, cents: int = 40_000) -> Any:
    body = {"commitmentId": commitment, "cents": cents, "about": "first part", "evidence": [PROOF]}
    return await funding.ask("POST", "/claims", body, role="school", organisation="corlaer", name="sam")


async def balance(funding: Funding) -> pb.GetBalanceResponse:
    metadata = (("authorization", f"office {REGION} - ada"),)
    request = pb.GetBalanceRequest(consortium_id=str(REGION), line="instroom")
    answer: pb.GetBalanceResponse = await funding.desk.GetBalance(request, timeout=5, metadata=metadata)
    return answer


async def test_a_school_claims_a_controller_approves_the_office_pays(funding: Funding) -> None:
    commitment = await committed(funding)
    claim = await claimed(funding, commitment)
    assert claim.status_code == 201
    assert claim.json()["evidence"] == [{**PROOF, "stored": False}]
    path = claim.headers["location"].removeprefix("/v1")
    approved = await funding.ask("POST", f"{path}/approval", role="controller", name="bram")
    paid = await funding.ask("POST", f"{path}/payment", {"paidOn": "2020-03-01", "reference": "bank 17"})
    assert [answer.json()["state"] for answer in (approved, paid)] == ["approved", "paid"]
    shown = await funding.get(f"/commitments/{commitment}")
    assert (shown["claimedCents"], shown["leftCents"], shown["code"]) == (40_000, 60_000, "lasrobot")
    over_grpc = await balance(funding)
    assert (over_grpc.committed_cents, over_grpc.claimed_cents) == (60_000, 40_000)
    assert over_grpc.available_cents == over_grpc.allocated_cents - 100_000
    line = next(each for each in await funding.get("/budgets") if each["line"] == "instroom")
    assert (line["committedCents"], line["claimedCents"]) == (60_000, 40_000)
    entries = await funding.get(f"/ledger/entries?subjectKind=claim&subjectId={claim.json()['id']}")
    assert [entry["kind"] for entry in entries["items"]] == ["claim-approved", "claim-paid"]


async def test_who_submitted_a_claim_does_not_approve_it(funding: Funding) -> None:
    claim = await claimed(funding, await committed(funding))
    path = f"/claims/{claim.json()['id']}"
    same = await funding.ask("POST", f"{path}/approval", role="controller", name="sam")
    assert (same.status_code, same.json()["code"]) == (403, "same-person")
    for role in ("office", "school", "accountant"):
        answer = await funding.ask("POST", f"{path}/approval", role=role, organisation="corlaer", name="bram")
        assert (answer.status_code, answer.json()["code"]) == (403, "role-missing")


async def test_more_than_is_left_is_refused_with_what_is_left(funding: Funding) -> None:
    commitment = await committed(funding)
    await claimed(funding, commitment, 99_999)
    refused = await claimed(funding, commitment, 2)
    assert (refused.status_code, refused.json()["code"]) == (409, "commitment-exceeded")
    assert "has 1 cents left" in refused.json()["detail"]


async def test_a_school_sees_and_claims_its_own_only(funding: Funding) -> None:
    commitment = await committed(funding)
    claim = (await claimed(funding, commitment)).json()["id"]
    other: dict[str, Any] = {"role": "school", "organisation": "het-element", "name": "eva"}
    own: dict[str, Any] = {"role": "school", "organisation": "corlaer", "name": "sam"}
    for path in ("/commitments", "/claims"):
        assert len((await funding.get(path, **own))["items"]) == 1
        assert (await funding.get(path, **other))["items"] == []
        assert (await funding.get(path, region=NEIGHBOUR))["items"] == []
    for path in (f"/commitments/{commitment}", f"/claims/{claim}"):
        assert (await funding.ask("GET", path, **own)).status_code == 200
        assert (await funding.ask("GET", path, **other)).status_code == 404
        assert (await funding.ask("GET", path, region=NEIGHBOUR)).status_code == 404
    body = {"commitmentId": commitment, "cents": 1, "about": "not ours", "evidence": [PROOF]}
    assert (await funding.ask("POST", "/claims", body, **other)).status_code == 404
    assert (await funding.ask("POST", f"/claims/{claim}/withdrawal", **other)).status_code == 404
    assert (await funding.ask("POST", f"/claims/{claim}/withdrawal", **own)).json()["state"] == "withdrawn"


async def test_a_claim_without_evidence_or_reason_is_invalid(funding: Funding) -> None:
    commitment = await committed(funding)
    body = {"commitmentId": commitment, "cents": 1, "about": "x", "evidence": []}
    assert (await funding.ask("POST", "/claims", body)).status_code == 400
    bad = {**body, "evidence": [{**PROOF, "sha256": "short"}]}
    assert (await funding.ask("POST", "/claims", bad)).status_code == 400
    claim = (await claimed(funding, commitment)).json()["id"]
    for reason in ({}, {**REASON, "reasonCode": "whim"}):
        answer = await funding.ask("POST", f"/claims/{claim}/refusal", reason, role="controller", name="bram")
        assert answer.status_code == 400
    refused = await funding.ask("POST", f"/claims/{claim}/refusal", REASON, role="controller", name="bram")
    assert (refused.json()["state"], refused.json()["reasonCode"]) == ("refused", "no-evidence")


async def test_a_commitment_is_put_once_and_given_back_in_parts(funding: Funding) -> None:
    commitment = await committed(funding)
    again = await funding.ask("PUT", "/commitments/lasrobot", COMMITMENT)
    assert (again.status_code, again.headers["result"]) == (200, "unchanged")
    other = await funding.ask("PUT", "/commitments/lasrobot", {**COMMITMENT, "cents": 1})
    assert (other.status_code, other.json()["code"]) == (409, "reservation-reused")
    less = await funding.ask(
        "POST", f"/commitments/{commitment}/decommitments", {"cents": 30_000, "reason": "cheaper than thought"}
    )
    assert (less.json()["decommittedCents"], less.json()["leftCents"]) == (30_000, 70_000)
    late = await funding.ask("PUT", "/commitments/late", {**COMMITMENT, "expiresOn": "2020-01-01"})
    assert (late.status_code, late.json()["code"]) == (400, "expires-in-past")


async def test_nothing_of_an_unknown_id_is_decided_or_given_back(funding: Funding) -> None:
    nowhere = uuid4()
    for path, body, role in (
        (f"/claims/{nowhere}/approval", None, "controller"),
        (f"/claims/{nowhere}/refusal", REASON, "controller"),
        (f"/claims/{nowhere}/reversal", REASON, "controller"),
        (f"/claims/{nowhere}/payment", {"paidOn": "2020-01-01"}, "office"),
        (f"/commitments/{nowhere}/decommitments", {"cents": 1, "reason": "x"}, "office"),
    ):
        assert (await funding.ask("POST", path, body, role=role)).status_code == 404

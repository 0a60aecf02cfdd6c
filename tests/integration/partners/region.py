"""A region to test with: founded, with organisations, an agreement and people who may sign."""

from typing import Any
from uuid import UUID

from speerpunt.partners.v1 import partners_pb2 as pb

from tests.integration.partners.doors import REGION, Partners, an_organisation

CONSORTIUM: dict[str, Any] = {
    "name": "STO Test",
    "zone": "Europe/Amsterdam",
    "currency": "EUR",
    "language": "nl",
    "standingPolicy": ["party", "umbrella", "pledge"],
}
AGREEMENT = "/v1/agreements/samenwerking"


async def founded(partners: Partners, *companies: str, region: UUID = REGION, code: str = "sto-test") -> None:
    """The region with these companies; the accounts of a company, a school and the office are linked to persons."""
    await put(partners, f"/v1/consortia/{code}", CONSORTIUM, region=region)
    for company in companies:
        await put(partners, f"/v1/organisations/{company}", {"name": company, "kind": "company"}, region=region)
    for role in ("company", "school", "office"):
        account = {"issuer": "test", "subject": f"{role}-1"}
        await put(partners, f"/v1/persons/{role}-person/account", account, region=region)


async def put(partners: Partners, path: str, body: object, **more: Any) -> Any:
    """Puts and insists; the answer."""
    answer = await partners.put(path, body, **more)
    assert answer.status_code in (200, 201, 204), answer.text
    return answer.json() if answer.content else None


def an_agreement(*parties: str | dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "title": "Samenwerkingsovereenkomst",
        "text": "Wij werken samen.",
        "from": "2020-01-01",
        "until": "2023-12-31",
        "parties": [{"organisation": each} if isinstance(each, str) else each for each in parties],
        **changes,
    }


async def circulated(partners: Partners, *parties: str | dict[str, Any], **changes: Any) -> str:
    """An agreement of these parties, ready to be signed; the hash of its text."""
    await put(partners, AGREEMENT, an_agreement(*parties, **changes))
    answer = await partners.post(f"{AGREEMENT}/circulation", None)
    assert answer.status_code == 200, answer.text
    text_hash: str = answer.json()["textHash"]
    return text_hash


def a_signature(organisation: str, text_hash: str, on: str = "2019-03-27") -> dict[str, Any]:
    return {"organisation": organisation, "textHash": text_hash, "signedOn": on}


async def signed(partners: Partners, organisation: str, text_hash: str, on: str = "2019-03-27") -> Any:
    """Signs as a company and insists; how far the agreement is."""
    body = a_signature(organisation, text_hash, on)
    answer = await partners.post(f"{AGREEMENT}/signatures", body, f"company {organisation}")
    assert answer.status_code == 201, answer.text
    return answer.json()


def a_question(organisation: str, day: str, region: UUID = REGION) -> pb.GetStandingRequest:
    return pb.GetStandingRequest(
        consortium_id=str(region), organisation_id=str(an_organisation(organisation, region)), day=day
    )


async def standing(partners: Partners, organisation: str, day: str) -> tuple[str, bool, str]:
    """Ground, whether it suffices and through whom, as gRPC tells it."""
    found = await partners.call("GetStanding", a_question(organisation, day))
    return spoken(found)


def spoken(answer: pb.GetStandingResponse) -> tuple[str, bool, str]:
    """An answer of gRPC in words."""
    basis = pb.StandingBasis.Name(answer.basis).removeprefix("STANDING_BASIS_")
    return basis, answer.suffices, answer.through_organisation_id

"""The Kafka door: what funding keeps of partners, in the order of each aggregate's sequence."""

import json
from collections.abc import AsyncIterator
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from runtime.consumer import DeadMessage
from runtime.event import Received, receive
from runtime.ids import consortium_id, new_id
from runtime.postgres import Database
from services.funding.handlers import partners as heard
from services.funding.store import partners
from tests.support.servers import DatabaseFor

REGION, NEIGHBOUR = consortium_id("sto-test"), consortium_id("sto-elders")
ACME = UUID(int=7)


@pytest.fixture
async def db(database_for: DatabaseFor) -> AsyncIterator[Database]:
    database = await Database.open((await database_for("funding")).app_url, name="test", most=3)
    yield database
    await database.close()


def an_event(fact: str, sequence: int, **data: Any) -> Received:
    """As it comes from Kafka."""
    headers = {
        "ce_id": str(new_id()),
        "ce_type": f"nl.speerpunt.partners.{fact}.v1",
        "ce_source": "urn:speerpunt:partners",
        "ce_consortiumid": str(REGION),
        "ce_sequence": str(sequence),
    }
    sent = [(name, value.encode()) for name, value in headers.items()]
    return receive("partners.events", 0, sequence, 0, b"key", json.dumps(data).encode(), sent)


async def hear(db: Database, *events: Received) -> None:
    async with db.transaction(REGION) as tx:
        await heard.router().handle(tx, events)


def a_programme(*spearheads: str, until: str = "2023-12-31") -> dict[str, Any]:
    lines = [{"id": str(UUID(int=1)), "code": code, "title": code.title(), "budgeted": True} for code in spearheads]
    return {
        "programmeId": str(UUID(int=2)),
        "code": "2020",
        "title": "STO",
        "from": "2020-01-01",
        "until": until,
        "spearheads": lines,
        "locations": [{"id": str(UUID(int=3)), "code": "het-element", "title": "Het Element"}],
    }


def an_organisation(name: str, **numbers: str) -> dict[str, Any]:
    return {
        "organisationId": str(ACME),
        "code": "acme",
        "name": name,
        "kind": "company",
        "registryNumbers": numbers,
    }


def a_ground(**changes: Any) -> dict[str, Any]:
    return {"ground": "party", "from": "2020-01-01", "suffices": True, **changes}


async def test_a_region_is_known_with_its_zone_and_not_before(db: Database) -> None:
    async with db.transaction(REGION) as tx:
        with pytest.raises(partners.RegionNotKnown):
            await partners.consortium(tx)
    region = {"code": "sto-test", "name": "STO", "currency": "EUR", "language": "nl", "standingPolicy": ["party"]}
    await hear(db, an_event("consortium-founded", 2, zone="Europe/Stockholm", **region))
    await hear(db, an_event("consortium-founded", 1, zone="Europe/Amsterdam", **region))
    async with db.transaction(REGION) as tx:
        found = await partners.consortium(tx)
    assert (found.code, str(found.zone), found.currency, found.language) == (
        "sto-test",
        "Europe/Stockholm",
        "EUR",
        "nl",
    )


async def test_a_zone_nobody_knows_is_a_dead_letter(db: Database) -> None:
    region = {"code": "sto-test", "name": "STO", "currency": "EUR", "language": "nl", "standingPolicy": []}
    with pytest.raises(DeadMessage):
        await hear(db, an_event("consortium-founded", 1, zone="Europe/Atlantis", **region))


async def test_a_programme_has_exactly_the_lines_of_its_latest_event(db: Database) -> None:
    await hear(db, an_event("programme-planned", 2, **a_programme("metaal", "zorg", until="2024-12-31")))
    await hear(db, an_event("programme-planned", 1, **a_programme("instroom", "metaal")))
    async with db.transaction(REGION) as tx:
        found = await partners.lines(tx)
    assert [(line.code, line.kind, line.until) for line in found] == [
        ("het-element", "location", date(2024, 12, 31)),
        ("metaal", "spearhead", date(2024, 12, 31)),
        ("zorg", "spearhead", date(2024, 12, 31)),
    ]


async def test_an_organisation_goes_by_its_code_its_id_and_its_latest_numbers(db: Database) -> None:
    await hear(db, an_event("organisation-registered", 1, **an_organisation("Old", kvk="11111111")))
    await hear(
        db, an_event("organisation-registered", 2, **an_organisation("Acme", kvk="12345678", orgnr="2021005489"))
    )
    known = ("acme", f"org:{ACME}", "kvk:12345678", "orgnr:2021005489", "org:2021005489", "kvk:11111111", "nobody")
    async with db.transaction(REGION) as tx:
        found = [await partners.organisation_by_reference(tx, name) for name in known]
    assert [each and each.name for each in found] == ["Acme"] * 5 + [None] * 2


async def test_a_standing_is_replaced_whole_and_never_by_an_older_one(db: Database) -> None:
    pledge = a_ground(ground="pledge", until="2020-12-31", suffices=False)
    await hear(db, an_event("standing-changed", 2, organisationId=str(ACME), grounds=[a_ground(), pledge]))
    await hear(db, an_event("standing-changed", 1, organisationId=str(ACME), grounds=[]))
    async with db.transaction(REGION) as tx:
        found = await partners.standings(tx)
    assert [(each.ground, each.holds(date(2020, 6, 1))) for each in found] == [("party", True), ("pledge", False)]
    assert not found[0].holds(date(2019, 12, 31))
    await hear(db, an_event("standing-changed", 3, organisationId=str(ACME), grounds=[]))
    async with db.transaction(REGION) as tx:
        assert await partners.standings(tx) == []


async def test_a_neighbour_sees_none_of_it(db: Database) -> None:
    await hear(db, an_event("programme-planned", 1, **a_programme("metaal")))
    await hear(db, an_event("organisation-registered", 1, **an_organisation("Acme")))
    await hear(db, an_event("standing-changed", 1, organisationId=str(ACME), grounds=[a_ground()]))
    async with db.transaction(NEIGHBOUR) as tx:
        assert (await partners.lines(tx), await partners.organisations(tx), await partners.standings(tx)) == (
            [],
            [],
            [],
        )

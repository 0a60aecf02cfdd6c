"""The Kafka door: a pledge that funding tells of gives standing, once, and in the order of its versions."""

import asyncio
import json
from datetime import date
from typing import Any
from uuid import UUID

from aiokafka import AIOKafkaProducer

from runtime.consumer import Consumer, dead_letters
from runtime.ids import coded_id, new_id
from runtime.settings import Settings
from services.funding.events import ContributionVerified, PledgeSigned
from services.partners.handlers import subscriptions
from tests.integration.partners.doors import NEIGHBOUR, REGION, Partners, an_organisation
from tests.integration.partners.region import CONSORTIUM, founded, put, standing
from tests.support.servers import KafkaForTest

Message = tuple[bytes, bytes, list[tuple[str, bytes]]]


def a_pledge(
    organisation: str,
    sequence: int = 1,
    *,
    code: str = "",
    region: UUID = REGION,
    first: date = date(2020, 1, 1),
    last: date = date(2021, 12, 31),
) -> Message:
    pledge_id = coded_id(region, "pledge", code or organisation)
    fact = PledgeSigned(
        pledge_id=pledge_id,
        organisation_id=an_organisation(organisation, region),
        minutes=600,
        cents=50_000,
        signed_on=first,
        from_=first,
        until=last,
        lines=(),
    )
    return a_message(fact.fact_type, fact.to_json(), pledge_id, sequence, region)


def a_message(fact_type: str, data: bytes, about: UUID, sequence: int, region: UUID = REGION) -> Message:
    headers = {
        "ce_specversion": "1.0",
        "ce_id": str(new_id()),
        "ce_type": fact_type,
        "ce_source": "urn:speerpunt:funding",
        "ce_subject": f"pledge/{about}",
        "ce_time": "2019-03-20T09:00:00Z",
        "ce_consortiumid": str(region),
        "ce_sequence": str(sequence),
        "content-type": "application/json",
    }
    return data, str(about).encode(), [(name, value.encode()) for name, value in headers.items()]


async def hear(partners: Partners, kafka: KafkaForTest, *messages: Message) -> None:
    """Publishes the messages and consumes until all of them were handled."""
    topic = f"{kafka.prefix}funding.events"
    if topic not in kafka.made:
        await kafka.create_topics("funding.events")
    producer = AIOKafkaProducer(**kafka.client)
    await producer.start()
    try:
        for value, key, headers in messages:
            await producer.send_and_wait(topic, value, key=key, headers=headers)
    finally:
        await producer.stop()
    subscription = next(each for each in subscriptions() if each.name == "partners.funding")
    settings = Settings(**kafka.settings)
    consumer = Consumer(partners.database, settings, subscription)
    await consumer.start()
    try:
        seen = 0
        async with asyncio.timeout(30):
            while seen < len(messages):
                seen += await consumer.run_once()
    finally:
        await consumer.close()


async def test_a_pledge_gives_standing_on_its_days_by_the_policy_of_the_region(
    partners: Partners, kafka: KafkaForTest
) -> None:
    await founded(partners, "acme", "beta")
    verified = ContributionVerified(contribution_id=new_id(), by="rule")
    other = a_message(verified.fact_type, verified.to_json(), new_id(), 1)
    await hear(partners, kafka, a_pledge("acme"), other, a_pledge("beta"))
    assert await standing(partners, "acme", "2020-01-01") == ("PLEDGE", True, "")
    assert await standing(partners, "acme", "2022-01-01") == ("NONE", False, "")
    assert await standing(partners, "beta", "2021-12-31") == ("PLEDGE", True, "")
    await put(partners, "/v1/consortia/sto-test", {**CONSORTIUM, "standingPolicy": ["party"]})
    assert await standing(partners, "acme", "2020-01-01") == ("PLEDGE", False, "")
    assert [(each["grounds"][0]["suffices"], each["version"]) for each in await partners.told("standing-changed")] == [
        (True, 1),
        (True, 1),
        (False, 2),
        (False, 2),
    ]


async def test_a_pledge_is_never_replaced_by_an_older_one_and_a_repeat_changes_nothing(
    partners: Partners, kafka: KafkaForTest
) -> None:
    await founded(partners, "acme")
    newer = a_pledge("acme", 2, last=date(2023, 12, 31))
    await hear(partners, kafka, newer, a_pledge("acme", 1), newer)
    await hear(partners, kafka, a_pledge("acme", 1), newer)
    assert await standing(partners, "acme", "2023-12-31") == ("PLEDGE", True, "")
    assert len(await partners.told("standing-changed")) == 1


async def test_pledges_of_one_organisation_add_up_and_each_may_be_shortened(
    partners: Partners, kafka: KafkaForTest
) -> None:
    await founded(partners, "acme")
    second = a_pledge("acme", code="second", first=date(2022, 1, 1), last=date(2022, 12, 31))
    await hear(partners, kafka, a_pledge("acme"), second)
    (told,) = await partners.told("standing-changed")
    assert told["grounds"] == [{"ground": "pledge", "from": "2020-01-01", "until": "2022-12-31", "suffices": True}]
    await hear(partners, kafka, a_pledge("acme", 2, last=date(2020, 12, 31)))
    assert await standing(partners, "acme", "2021-06-01") == ("NONE", False, "")
    assert await standing(partners, "acme", "2022-06-01") == ("PLEDGE", True, "")


async def test_a_pledge_counts_in_its_own_region_only(partners: Partners, kafka: KafkaForTest) -> None:
    await founded(partners, "acme")
    await founded(partners, "acme", region=NEIGHBOUR, code="sto-elders")
    await hear(partners, kafka, a_pledge("acme", region=NEIGHBOUR))
    assert await standing(partners, "acme", "2020-01-01") == ("NONE", False, "")
    assert await partners.told("standing-changed") == []
    assert len(await partners.told("standing-changed", NEIGHBOUR)) == 1


async def test_what_changes_is_caused_by_the_pledge(partners: Partners, kafka: KafkaForTest) -> None:
    await founded(partners, "acme", "beta")
    pledges = [a_pledge("acme"), a_pledge("beta")]
    await hear(partners, kafka, *pledges)
    async with partners.database.transaction(REGION) as tx:
        rows: list[Any] = await tx.fetch(
            "SELECT aggregate_id, key, causation_id FROM outbox WHERE aggregate_kind = 'standing' ORDER BY seq"
        )
    ids = [dict(headers)["ce_id"].decode() for _, _, headers in pledges]
    causes = dict(zip(map(an_organisation, ("acme", "beta")), ids, strict=True))
    assert {row["aggregate_id"]: str(row["causation_id"]) for row in rows} == causes
    assert {row["key"] for row in rows} == {str(each) for each in causes}


async def test_what_can_give_no_standing_becomes_a_dead_letter_and_the_rest_goes_on(
    partners: Partners, kafka: KafkaForTest
) -> None:
    await founded(partners, "acme")
    backwards = json.loads(a_pledge("acme")[0]) | {"until": "2019-01-01"}
    odd_id = new_id()
    odd = a_message("nl.speerpunt.funding.pledge-signed.v1", json.dumps(backwards).encode(), odd_id, 1)
    await hear(partners, kafka, a_pledge("stranger"), odd, a_pledge("acme"))
    assert await standing(partners, "acme", "2020-01-01") == ("PLEDGE", True, "")
    found = await dead_letters.waiting(partners.database)
    assert sorted(each.code for each in found) == ["pledge-of-stranger", "unreadable-event"]


async def test_pledges_and_a_change_of_policy_at_the_same_moment_leave_every_standing_right(
    partners: Partners, kafka: KafkaForTest
) -> None:
    names = [f"bedrijf-{number}" for number in range(12)]
    await founded(partners, *names)
    policies = [{**CONSORTIUM, "standingPolicy": [each]} for each in ("party", "pledge", "umbrella")]
    await asyncio.gather(
        hear(partners, kafka, *(a_pledge(each) for each in names)),
        *(put(partners, "/v1/consortia/sto-test", each) for each in policies),
    )
    policy = (await partners.get("/v1/consortia/sto-test")).json()["standingPolicy"]
    for each in names:
        assert await standing(partners, each, "2020-01-01") == ("PLEDGE", "pledge" in policy, "")

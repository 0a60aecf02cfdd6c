"""The job that makes a broker's users before the services start, as a deployment runs it."""

import secrets

from aiokafka.errors import KafkaError

from deploy.kafka import rules
from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login
from deploy.kafka.services import ensure
from tests.support.servers import KafkaForTest


async def signs_in(login: Login) -> bool:
    try:
        async with Cluster(login):
            return True
    except KafkaError:
        return False


async def test_run_again_it_gives_new_passwords_and_takes_back_what_a_service_may_no_longer_do(
    kafka: KafkaForTest,
) -> None:
    first, second = ({"dashboard": secrets.token_urlsafe(18)} for _ in range(2))
    over = rules.Rule("topic", f"{kafka.prefix}somebody-elses", "write")
    async with Cluster(kafka.login) as cluster:
        await ensure(kafka.login, first)
        await cluster.grant({"dashboard": [over]})
        await ensure(kafka.login, second)
        assert await cluster.rules("dashboard") == rules.of_service("dashboard")
    before, after = (Login(kafka.login.bootstrap, "dashboard", each["dashboard"]) for each in (first, second))
    assert (await signs_in(before), await signs_in(after)) == (False, True)

"""`python -m deploy.kafka.services`: a user for each service, who may do what the topics declare, and no more.

Run as the administrator of the cluster, before the services. It may be repeated: passwords become those of the secrets,
and what a service may no longer do is taken away.
"""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path

from aiokafka.errors import KafkaError

from deploy.kafka import rules
from deploy.kafka.cluster import Cluster
from deploy.kafka.login import Login
from runtime.settings import SECRETS_FOLDER, Settings, load

WAIT_SECONDS = 60


async def ensure(login: Login, passwords: Mapping[str, str]) -> None:
    """Makes the users of these services, or gives them these passwords, and exactly the rules that they need."""
    async with Cluster(login) as cluster:
        await cluster.put_users(passwords)
        for service in passwords:
            wanted = rules.of_service(service)
            if await cluster.rules(service) - wanted:
                await cluster.revoke(service)
            await cluster.grant({service: wanted})


async def _patiently(login: Login, passwords: Mapping[str, str]) -> None:
    until = asyncio.get_running_loop().time() + WAIT_SECONDS
    while True:
        try:
            return await ensure(login, passwords)
        except (KafkaError, OSError, TimeoutError):
            if asyncio.get_running_loop().time() > until:
                raise
            await asyncio.sleep(1)


def main(secrets: Path) -> int:
    """The exit code; a sentence on stderr when the cluster does not do it."""
    passwords = {service: (secrets / f"{service}.kafka-password").read_text() for service in rules.SERVICES}
    try:
        asyncio.run(_patiently(Login.of(load(Settings)), passwords))
    except (KafkaError, OSError, TimeoutError) as error:
        print(f"The users could not be made ({type(error).__name__}). Is Kafka running?", file=sys.stderr)
        return 1
    print(f"users of {', '.join(passwords)} are there")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(SECRETS_FOLDER)))

"""An administrator of the cluster: its users, what they may, and how much of it."""

import asyncio
import hashlib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import ClusterAuthorizationFailedError, KafkaConnectionError, KafkaError, for_code
from aiokafka.protocol.admin import DescribeAclsRequest, DescribeClientQuotasRequest

from deploy.kafka import requests
from deploy.kafka.login import ADMIN, Login
from deploy.kafka.rules import Rule

SCRAM_SHA_512 = 2
ITERATIONS = 4096
"""The least that Kafka takes; passwords here are random, so more would only make each connection slower."""
REQUEST_SECONDS = 10
STEP_SECONDS = 0.05
KINDS = {"topic": 2, "group": 3}
OPERATIONS = {"read": 3, "write": 4, "create": 5}
LITERAL, PREFIXED = 3, 4
ANY, ALLOW, EXACT = 1, 3, 0
ABSENT = 91
"""Kafka's error for removing a user that is not there."""


@dataclass(slots=True)
class Cluster:
    """`async with Cluster(login) as cluster:` acts as that user, who must be an administrator.

    `prefix` is that of the installation's topics, groups and senders.

    Every method is put-if-changed or remove-if-there. Raises KafkaError with the broker's sentence.
    """

    login: Login
    prefix: str = ""
    _client: Any = field(default=None)

    async def __aenter__(self) -> Self:
        self._client = AIOKafkaClient(**self.login.client(), client_id="cluster", request_timeout_ms=10_000)
        await self._client.bootstrap()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.close()

    async def users(self) -> set[str]:
        """Everybody who has a password."""
        await self.limits(ADMIN)  # Kafka 4.3 gives no answer at all to who may not ask for users; to this it does
        answer = await self._ask(requests.DescribeUsers())
        _check(answer.error_code, answer.error_message)
        return {result[0] for result in answer.results}

    async def put_user(self, name: str, password: str) -> None:
        """Makes a user, or gives it another password; the old one opens no connection any more."""
        await self.put_users({name: password})

    async def until_known(self, login: Login) -> None:
        """Returns once this login opens a connection: what the controller took, a broker knows a moment later."""
        async with asyncio.timeout(REQUEST_SECONDS):
            while True:
                client = AIOKafkaClient(**login.client(), client_id="cluster", request_timeout_ms=10_000)
                try:
                    await client.bootstrap()
                    return
                except KafkaConnectionError:
                    await asyncio.sleep(STEP_SECONDS)
                finally:
                    await client.close()

    async def put_users(self, passwords: Mapping[str, str]) -> None:
        """Makes several users at once."""
        made = []
        for name, password in passwords.items():
            salt = os.urandom(32)
            salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS)
            made.append((name, SCRAM_SHA_512, ITERATIONS, salt, salted))
        answer = await self._ask(requests.AlterUsers([], made))
        for user, code, message, _ in answer.results:
            _check(code, f"{user}: {message}")

    async def remove_user(self, name: str) -> None:
        """Takes a user's password away, its rules and its limits: its open connections may do nothing any more."""
        await self.revoke(name)
        answer = await self._ask(requests.AlterUsers([(name, SCRAM_SHA_512)], []))
        for user, code, message, _ in answer.results:
            if code != ABSENT:
                _check(code, f"{user}: {message}")
        await self.limit(name, dict.fromkeys(await self.limits(name)))

    async def rules(self, user: str) -> frozenset[Rule]:
        """What this user may. Rules of other kinds than ours are not told."""
        answer = await self._ask(DescribeAclsRequest(ANY, None, ANY, f"User:{user}", None, ANY, ANY))
        _check(answer.error_code, answer.error_message)
        kinds = {number: name for name, number in KINDS.items()}
        operations = {number: name for name, number in OPERATIONS.items()}
        return frozenset(
            Rule(kinds[kind], name, operations[operation], pattern == PREFIXED)  # type: ignore[arg-type]
            for kind, name, pattern, acls in answer.resources
            for _, _, operation, permission in acls
            if kind in kinds and operation in operations and permission == ALLOW
        )

    async def grant(self, rules: Mapping[str, Collection[Rule]]) -> None:
        """Lets each user do these things, besides what it may already."""
        wanted = [
            (
                KINDS[rule.kind],
                rule.name,
                PREFIXED if rule.prefixed else LITERAL,
                f"User:{user}",
                "*",
                OPERATIONS[rule.operation],
                ALLOW,
            )
            for user, given in rules.items()
            for rule in sorted(given)
        ]
        answer = await self._ask(requests.CreateAcls(wanted))
        for code, message in answer.creation_responses:
            _check(code, message)

    async def revoke(self, user: str) -> None:
        """Takes all rules of a user away."""
        answer = await self._ask(requests.DeleteAcls([(ANY, None, ANY, f"User:{user}", None, ANY, ANY)]))
        for code, message, _ in answer.filter_responses:
            _check(code, message)
        async with asyncio.timeout(REQUEST_SECONDS):
            while await self.rules(user):  # noqa: ASYNC110 - a broker forgets it a moment after the controller
                await asyncio.sleep(STEP_SECONDS)

    async def limits(self, user: str) -> dict[str, float]:
        """The limits of this user, by Kafka's names."""
        answer = await self._ask(DescribeClientQuotasRequest([("user", EXACT, user)], True))
        _check(answer.error_code, answer.error_message)
        return {name: value for _, values in answer.entries for name, value in values}

    async def limit(self, user: str, limits: Mapping[str, float | None]) -> None:
        """Sets limits of a user by Kafka's names (bytes a second, percent of a thread); None removes one."""
        if not limits:
            return
        wanted = [(name, value or 0.0, value is None) for name, value in limits.items()]
        answer = await self._ask(requests.AlterClientQuotas(user, wanted))
        for code, message, _ in answer.entries:
            _check(code, message)

    async def _ask(self, request: Any) -> Any:
        async with asyncio.timeout(REQUEST_SECONDS):
            node = self._client.get_random_node()
            while not await self._client.ready(node):  # noqa: ASYNC110 - the client tells nobody
                await asyncio.sleep(STEP_SECONDS)
            return await self._client.send(node, request)


def _check(code: int, message: str | None) -> None:
    if code:
        error: type[KafkaError] = for_code(code)
        if error is ClusterAuthorizationFailedError:
            raise error("this user is no administrator of the cluster")
        raise error(message or error.__name__)

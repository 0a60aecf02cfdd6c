"""Whatever a client makes of the OpenAPI description, no service answers with a fault of its own."""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from cli.portal import Portal
from cli.region import read
from deploy.embedded.folders import PROJECT
from deploy.embedded.supervisor import Stack
from runtime import ids
from tests.support.acting import Acting

EXAMPLES = int(os.environ.get("SPEERPUNT_FUZZ_EXAMPLES", "1"))
"""How many requests per operation and mode; more of them look deeper: `SPEERPUNT_FUZZ_EXAMPLES=100`."""

pytestmark = pytest.mark.timeout(120 + 60 * EXAMPLES)

SERVICES = ("partners", "funding", "activities", "notifications")


@schemathesis.serializer("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
def workbook(_context: Any, value: Any) -> Any:
    """A spreadsheet is sent as the bytes that were made up: hardly ever one that can be opened."""
    return value


@pytest.fixture(scope="module")
async def acting(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Acting]:
    region = read(PROJECT / "examples" / "gooi-klein")
    stack = Stack(services=SERVICES, runs=tmp_path_factory.mktemp("runs"), progress=lambda _: None)
    async with stack, httpx2.AsyncClient(timeout=30) as client:
        found = await Acting.of(region, stack, client)
        await found.load()
        yield found


class Fuzzer:
    """Calls operations with generated input, and keeps what came of it."""

    def __init__(self) -> None:
        self.seen: Counter[int] = Counter()
        self.wrong: list[str] = []

    def call(self, strategy: Any, token: str, number: int) -> None:
        """A few requests of this strategy, the same ones every time."""

        @seed(number)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def one(case: Any) -> None:
            self._one(case, token)

        with contextlib.suppress(Unsatisfiable):  # there are operations that take no input which could be broken
            one()

    def _one(self, case: Any, token: str) -> None:
        answer = case.call(headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.seen[answer.status_code] += 1
        called = f"{case.method} {case.path}: {answer.status_code}"
        if answer.status_code >= 500:
            self.wrong.append(f"{called} for {case.as_curl_command()[:800]}")
        elif answer.status_code >= 400:
            kind = answer.headers.get("content-type", [""])[0]
            if not kind.startswith("application/problem+json") or not answer.json().get("code"):
                self.wrong.append(f"{called} without a problem that has a code")


def fuzz(address: str, token: str) -> Fuzzer:
    """Every operation of this service, with input that fits its description and input that does not."""
    fuzzer = Fuzzer()
    schema = schemathesis.openapi.from_url(f"{address}/v1/openapi.json")
    for number, found in enumerate(schema.get_all_operations()):
        assert isinstance(found, Ok), found
        for mode in GenerationMode:
            fuzzer.call(found.ok().as_strategy(generation_mode=mode), token, number)
    return fuzzer


@pytest.mark.parametrize("service", SERVICES)
async def test_no_input_that_a_client_can_make_gets_a_fault_for_an_answer(service: str, acting: Acting) -> None:
    tenant = ids.consortium_id(acting.region.code)
    operator = await Portal.sign_in(
        acting.client, acting.stack, "operator-1", ["operator", "office", "controller"], tenant
    )
    fuzzer = await asyncio.to_thread(fuzz, acting.stack.http[service], operator.token)
    assert not fuzzer.wrong, "\n".join(sorted(set(fuzzer.wrong)))
    assert {status // 100 for status in fuzzer.seen} >= {2, 4}

"""A full outbox, a pool that is taken and a server that does not answer: new work is refused, and goes on by itself."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import pytest

from runtime import postgres
from runtime.brake import Brake, OutboxFull
from runtime.consumer.outcomes import Retry, classify
from runtime.postgres import Database, TooManyWaiting
from runtime.relay import Relay
from tests.faults.proxy import Proxy, to_port, to_socket
from tests.integration.runtime.conftest import Steps
from tests.support import steps


def limited(service: Steps, **bounds: int) -> Brake:
    """A brake with these bounds, on the service's database."""
    brake = Brake(service.db, service.settings.model_copy(update=bounds))
    service.db.before_append = brake
    return brake


async def drain(service: Steps) -> None:
    relay = Relay(service.db, service.settings)
    assert await relay.lead()
    while await relay.run_once():
        pass
    await relay.close()


async def test_a_full_outbox_refuses_new_facts_until_the_relay_made_room(service: Steps) -> None:
    brake = limited(service, outbox_most_facts=10)
    consortium, walkers = uuid4(), [uuid4() for _ in range(5)]
    for _ in range(2):
        await steps.step(service.db, consortium, walkers)
        await brake.look()
    with pytest.raises(OutboxFull) as refused:
        await steps.step(service.db, consortium, walkers)
    assert refused.value.retry_after_seconds
    assert classify(refused.value) == Retry(refused.value.retry_after_seconds, "outbox-full")
    assert await service.db.pool.fetchval("SELECT count(*) FROM outbox") == 10
    await drain(service)
    await brake.look()
    await steps.step(service.db, consortium, walkers)
    assert await service.db.pool.fetchval("SELECT min(aggregate_version) FROM outbox") == 3


async def test_a_few_large_facts_fill_the_outbox_as_well_and_so_does_what_is_set_aside(service: Steps) -> None:
    brake = limited(service, outbox_most_bytes=50_000)
    await steps.step(service.db, uuid4(), [uuid4()], note="x" * 30_000)
    await service.db.pool.execute(
        "WITH taken AS (DELETE FROM outbox RETURNING *) INSERT INTO outbox_aside SELECT * FROM taken"
    )
    await brake.look()
    assert not brake.full
    await steps.step(service.db, uuid4(), [uuid4()], note="x" * 30_000)
    await brake.look()
    assert brake.full


async def test_who_would_wait_for_a_connection_in_vain_is_refused_at_once(
    service: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "MOST_WAITING", 2)
    held = [await service.db.pool.acquire() for _ in range(5)]

    async def ask() -> None:
        async with service.db.transaction(uuid4()) as tx:
            await tx.fetchval("SELECT 1")

    waiting = [asyncio.create_task(ask()) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyWaiting):
        await ask()
    for connection in held:
        await service.db.pool.release(connection)
    await asyncio.gather(*waiting)
    await ask()


@pytest.fixture
async def swallowed(
    service: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Database, Proxy]]:
    """The database behind a network that can swallow everything, with statements that may last a second."""
    monkeypatch.setattr(postgres, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(postgres, "ROLLBACK_SECONDS", 1.0)
    named = parse_qs(urlsplit(service.database.app_url).query)
    host, port = named["host"][0], int(named["port"][0])
    proxy = Proxy(to_socket(Path(host) / f".s.PGSQL.{port}") if host.startswith("/") else to_port(port))
    await proxy.listen_on_socket(tmp_path / f".s.PGSQL.{port}")
    url = service.database.app_url.replace(f"host={host}", f"host={tmp_path}")
    db = await Database.open(url, name="test", most=2, statement_timeout_seconds=1)
    yield db, proxy
    proxy.heal()
    db.pool.terminate()
    await proxy.close()


async def test_a_server_that_swallows_everything_hangs_no_command(swallowed: tuple[Database, Proxy]) -> None:
    """Not the statement, not the ROLLBACK after it, and not the connection's way back into the pool."""
    db, proxy = swallowed

    async def ask() -> None:
        async with db.transaction(UUID(int=1)) as tx:
            proxy.black_hole(True)
            await tx.fetchval("SELECT 1")

    began = time.monotonic()
    with pytest.raises(postgres.PASSING):
        await ask()
    assert time.monotonic() - began < 8, time.monotonic() - began
    proxy.black_hole(False)
    async with db.transaction(UUID(int=1)) as tx:
        assert await tx.fetchval("SELECT 1") == 1

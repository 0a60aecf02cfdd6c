"""Among services only who has a certificate of our own authority is heard, and only by its own name."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.secrets.authority import Authority
from runtime.rpc import Identity, Server, channel
from runtime.settings import Settings

ANY_TOKENS: Any = None
"""Health asks nobody for a token."""


async def asked(opened: grpc.aio.Channel) -> bool:
    stub: Any = health_pb2_grpc.HealthStub(opened)
    answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=5)
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def an_identity(folder: Path, name: str, *also: str) -> Identity:
    folder.mkdir(exist_ok=True)
    Authority(folder).sign(folder, name, *also)
    return Identity(folder / "ca.crt", folder / f"{name}.crt", folder / f"{name}.key")


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[str]:
    own = an_identity(tmp_path / "ours", "partners")
    settings = Settings(
        grpc_ca_file=own.ca_file,
        grpc_certificate_file=own.certificate_file,
        grpc_key_file=own.key_file,
        drain_timeout_seconds=1,
    )
    server, stop = Server(settings, [], ANY_TOKENS), asyncio.Event()
    serving = asyncio.create_task(server.run(stop))
    await server.up.wait()
    yield server.address
    stop.set()
    await serving


async def healthy(address: str, identity: Identity | None) -> bool:
    async with channel(address, identity) as opened:
        return await asked(opened)


async def refused(address: str, identity: Identity | None) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await healthy(address, identity)
    return error.value.code()


async def test_a_service_with_a_certificate_of_the_same_authority_is_heard(door: str, tmp_path: Path) -> None:
    assert await healthy(door, an_identity(tmp_path / "ours", "funding"))


async def test_a_certificate_of_another_authority_is_refused_by_both_sides(door: str, tmp_path: Path) -> None:
    ours, theirs = an_identity(tmp_path / "ours", "funding"), an_identity(tmp_path / "theirs", "funding")
    believes_us = Identity(ours.ca_file, theirs.certificate_file, theirs.key_file)
    assert await refused(door, believes_us) is grpc.StatusCode.UNAVAILABLE
    believes_them = Identity(theirs.ca_file, ours.certificate_file, ours.key_file)
    assert await refused(door, believes_them) is grpc.StatusCode.UNAVAILABLE


async def test_plain_text_and_a_call_without_a_certificate_are_refused(door: str, tmp_path: Path) -> None:
    assert await refused(door, None) is grpc.StatusCode.UNAVAILABLE
    nobody = grpc.ssl_channel_credentials((tmp_path / "ours" / "ca.crt").read_bytes())
    async with grpc.aio.secure_channel(door, nobody) as opened:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await asked(opened)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_service_that_answers_in_another_name_is_not_believed(door: str, tmp_path: Path) -> None:
    mine = an_identity(tmp_path / "ours", "funding")
    options = (("grpc.ssl_target_name_override", "activities"),)
    async with grpc.aio.secure_channel(door, mine.client(), options=options) as opened:
        with pytest.raises(grpc.aio.AioRpcError) as error:
            await asked(opened)
    assert error.value.code() is grpc.StatusCode.UNAVAILABLE


def test_half_a_certificate_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="all three"):
        Settings(grpc_ca_file=tmp_path / "ca.crt")

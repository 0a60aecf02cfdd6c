"""Nothing is served over gRPC that the guard has not checked."""

from types import SimpleNamespace
from typing import Any, cast

import grpc

from runtime import rpc


async def test_a_streaming_method_is_not_served_since_the_guard_cannot_check_it() -> None:
    guard = rpc._Guard(cast(Any, None), {})

    async def continuation(_details: object) -> object:
        return grpc.unary_stream_rpc_method_handler(lambda *_: iter(()))

    details = SimpleNamespace(method="/speerpunt.example.v1.Example/Watch", invocation_metadata=())
    assert await guard.intercept_service(continuation, details) is None

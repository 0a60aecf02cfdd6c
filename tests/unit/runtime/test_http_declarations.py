"""Routes that break a house rule are refused before anything runs."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Query

from runtime.http import anyone, create_app, docs
from runtime.http.app import HouseRuleBroken
from runtime.settings import Settings


def an_app(router: APIRouter) -> Any:
    return create_app(service="x", title="X", description="x", version="0.1.0", routers=[router], settings=Settings())


@pytest.mark.parametrize(
    "path", ["/pebbles", "/v1/pebbles/", "/v1/Pebbles", "/v1/my_pebbles", "/v1/pebbles/{pebble_id}"]
)
def test_a_path_that_breaks_the_rules_is_refused(path: str) -> None:
    router = APIRouter()
    router.get(path, dependencies=[anyone()])(lambda: None)
    with pytest.raises(HouseRuleBroken):
        an_app(router)


def test_a_route_that_declares_no_access_is_refused() -> None:
    router = APIRouter()
    router.get("/v1/pebbles")(lambda: None)
    with pytest.raises(HouseRuleBroken, match="declare who may use it"):
        an_app(router)


def test_a_query_key_that_is_not_camel_case_is_refused() -> None:
    async def listed(first_name: Annotated[str, Query()] = "") -> None: ...

    router = APIRouter()
    router.get("/v1/pebbles", dependencies=[anyone()])(listed)
    with pytest.raises(HouseRuleBroken, match="camelCase"):
        an_app(router)


def test_a_route_that_keeps_the_rules_is_taken() -> None:
    router = APIRouter()
    router.get("/v1/pebbles/{pebbleId}/re-weighings", dependencies=[anyone()])(lambda: None)
    assert an_app(router)


def test_a_document_is_made_without_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    router = APIRouter()
    router.get("/v1/pebbles", dependencies=[anyone()])(lambda: None)
    document = docs.openapi(an_app(router))
    assert document["info"]["contact"]["email"]
    assert caplog.messages == []

"""The house rules of every HTTP door, and what garbage gets: a 400 that says all that is wrong, never a 5xx."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from runtime.http.middleware import MOST_BODY_BYTES
from tests.integration.runtime.http.conftest import Door

SECURITY = {
    "cache-control": "no-store",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "api-version": "1.2.3",
}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/pebbles", 200),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/pebbles/", 404),
        ("DELETE", "/v1/pebbles", 405),
        ("POST", "/v1/pebbles", 400),
        ("GET", "/v1/pebbles/faults", 500),
    ],
)
async def test_every_answer_carries_the_house_headers_and_every_error_is_a_problem(
    door: Door, method: str, path: str, status: int
) -> None:
    answer = await door.ask(method, path)
    assert answer.status_code == status
    assert {name: answer.headers[name] for name in SECURITY} == SECURITY
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"title", "status", "detail", "code"} <= answer.json().keys()
        assert answer.json()["status"] == status
        assert "swordfish" not in answer.text
        assert "Traceback" not in answer.text


GARBAGE = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"code": "a\\u0000b", "grams": 1}',
    b'{"code": "a\\ud800", "grams": 1}',
    b'{"code": "a", "grams": NaN}',
    b'{"code": "a", "grams": 1e400}',
    b'{"code": "a", "grams": 99999999999999999999999999}',
    b'{"code": "a", "grams": ' + b"9" * 5000 + b"}",
    b'{"code": "a", "grams": 0}',
    b'{"code": {"a": 1}, "grams": [1]}',
    b'{"code": "a", "grams": 1, "note": "x"}',
]


@pytest.mark.parametrize("content", GARBAGE, ids=lambda each: repr(each[:24]))
async def test_garbage_is_answered_with_400(door: Door, content: bytes) -> None:
    answer = await door.ask("POST", "/v1/pebbles", content=content)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=%00", "after=eyJ9", "after=W10", "limit="])
async def test_a_query_that_cannot_be_used_is_answered_with_400(door: Door, query: str) -> None:
    assert (await door.ask("GET", f"/v1/pebbles?{query}")).status_code == 400


@pytest.mark.parametrize(
    "header", [{"Consortium-Id": "x"}, {"Wait-For": "x"}, {"Idempotency-Key": "k" * 256}, {"Consortium-Id": ""}]
)
async def test_a_header_that_cannot_be_used_is_answered_with_400(door: Door, header: dict[str, str]) -> None:
    method = "POST" if "Idempotency-Key" in header else "GET"
    body: Any = {"code": "a", "grams": 1} if method == "POST" else None
    assert (await door.ask(method, "/v1/pebbles", body, headers=header)).status_code == 400


async def test_a_path_with_a_nul_is_never_our_fault(door: Door) -> None:
    answer = await door.ask("PATCH", "/v1/pebbles/%00", {"code": "a", "grams": 1}, headers={"If-Match": '"1"'})
    assert answer.status_code in (400, 404)


async def test_all_that_is_wrong_is_said_at_once_and_nothing_is_echoed(door: Door) -> None:
    body = {"code": "secret-" * 10, "grams": -5, "jan@example.org": "0612345678"}
    answer = await door.ask("POST", "/v1/pebbles", body)
    errors = {each["in"] for each in answer.json()["errors"]}
    assert errors == {"body/code", "body/grams", "body/?"}
    for typed in ("secret-", "-5", "jan@", "06123"):
        assert typed not in answer.text


async def test_a_body_past_the_limit_is_not_read(door: Door) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 4 * MOST_BODY_BYTES:
            sent += 65_536
            yield b" " * 65_536

    headers = {"Authorization": f"Bearer {door.provider.signers[0].token()}", "Idempotency-Key": "k"}
    headers["Content-Type"] = "application/json"
    chunked = await door.client.post("/v1/pebbles", content=endless(), headers=headers)
    assert (chunked.status_code, chunked.headers["content-type"]) == (413, "application/problem+json")
    assert sent <= MOST_BODY_BYTES + 131_072
    declared = await door.client.post("/v1/pebbles", content=b" " * (MOST_BODY_BYTES + 1), headers=headers)
    assert declared.status_code == 413


async def test_only_listed_origins_may_read_answers(door: Door) -> None:
    ours = await door.ask("GET", "/v1/pebbles", headers={"Origin": "https://portal.test"})
    assert ours.headers["access-control-allow-origin"] == "https://portal.test"
    other = await door.ask("GET", "/v1/pebbles", headers={"Origin": "https://evil.test"})
    assert "access-control-allow-origin" not in other.headers
    asks = {"Origin": "https://portal.test", "Access-Control-Request-Method": "POST"}
    assert (await door.client.options("/v1/pebbles", headers=asks)).status_code == 204
    public = await door.client.get("/v1/openapi.json", headers={"Origin": "https://evil.test"})
    assert public.headers["access-control-allow-origin"] == "*"


async def test_the_openapi_document_keeps_the_design_rules(door: Door) -> None:
    document = (await door.client.get("/v1/openapi.json")).json()
    assert document["servers"][0]["url"].startswith("https://")
    assert document["servers"][0]["url"].endswith("/v1")
    assert {"name", "email", "url"} <= document["info"]["contact"].keys()
    assert "/pebbles/{code}" in document["paths"]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert "422" not in operation["responses"]
            assert "x-roles" in operation, path
            for status, response in operation["responses"].items():
                assert "API-Version" in response["headers"]
                if status >= "400":
                    assert list(response["content"]) == ["application/problem+json"]
    keeping = document["paths"]["/pebbles"]["post"]
    assert {"400", "401", "403", "409", "413", "429", "500", "503"} <= keeping["responses"].keys()
    assert any(each["name"] == "Idempotency-Key" and each["required"] for each in keeping["parameters"])


async def test_the_docs_page_fetches_nothing_from_elsewhere(door: Door) -> None:
    page = await door.client.get("/v1/docs")
    assert page.status_code == 200
    assert "/v1/pebbles" in page.text
    assert "http" not in page.text.replace("HTTP", "")


async def test_a_draining_process_is_not_ready_and_serves_on_but_no_second_request_of_a_connection(door: Door) -> None:
    assert "connection" not in (await door.client.get("/v1/docs")).headers
    door.app.state.draining = True
    answer = await door.client.get("/readyz")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
    answer = await door.client.get("/v1/docs")
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")

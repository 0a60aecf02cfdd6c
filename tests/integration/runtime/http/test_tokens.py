"""Who gets in: every token that is not exactly right is refused, and so is everybody when the keys cannot be had."""

import time
from typing import Any

import pytest
import time_machine

from runtime import auth
from runtime.ids import consortium_id
from tests.integration.runtime.http.conftest import ANN, OURS, THEIRS, Door, Signer

PATH = "/v1/pebbles"


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "none"},
        {"algorithm": "HS256"},
        {"aud": "another"},
        {"iss": "https://elsewhere.test"},
        {"exp": -120},
        {"nbf": 600},
        {"drop": "exp"},
        {"drop": "sub"},
        {"drop": "iat"},
        {"consortia": ["not-an-id"]},
        {"consortia": 7},
        {"roles": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_right_is_refused(door: Door, wrong: dict[str, Any]) -> None:
    for instant in {"exp", "nbf"} & wrong.keys():  # given in seconds from now
        wrong = {instant: int(time.time()) + wrong[instant]}
    answer = await door.ask("GET", PATH, token=door.provider.signers[0].token(**wrong))
    assert (answer.status_code, answer.json()["code"]) == (401, "token-refused")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Bearer a.b.c", "Basic YTpi", "Bearer \xff.\xff.\xff"])
async def test_what_is_no_token_is_refused(door: Door, header: str) -> None:
    answer = await door.client.get(PATH, headers=[(b"Authorization", header.encode("latin-1"))])
    assert answer.status_code == 401


async def test_a_key_of_somebody_else_under_a_known_name_is_refused(door: Door) -> None:
    answer = await door.ask("GET", PATH, token=Signer("first").token())
    assert (answer.status_code, answer.json()["code"]) == (401, "token-refused")


async def test_a_rotated_key_is_found_after_the_back_off(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await door.ask("GET", PATH)).status_code == 200
    door.provider.signers = [Signer("second")]
    asked = door.provider.asked
    assert (await door.ask("GET", PATH)).status_code == 401
    assert door.provider.asked == asked, "an unknown key must not make us ask more often than the back-off"
    monkeypatch.setattr(auth, "BACKOFF_SECONDS", 0)
    assert (await door.ask("GET", PATH)).status_code == 200


async def test_known_keys_are_good_for_a_while_when_the_issuer_is_away_and_then_nobody_gets_in(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await door.ask("GET", PATH)).status_code == 200
    await door.provider.stop()
    monkeypatch.setattr(auth, "BACKOFF_SECONDS", 0)
    monkeypatch.setattr(auth, "REFRESH_SECONDS", 0)
    assert (await door.ask("GET", PATH)).status_code == 200
    monkeypatch.setattr(auth, "STALE_SECONDS", 0)
    shut = await door.ask("GET", PATH)
    assert (shut.status_code, shut.json()["code"]) == (503, "unavailable")


async def test_a_token_that_is_remembered_is_not_good_beyond_its_end(door: Door) -> None:
    token = door.provider.signers[0].token(exp=int(time.time()) + 20)
    assert (await door.ask("GET", PATH, token=token)).status_code == 200
    with time_machine.travel(time.time() + 20 + auth.LEEWAY_SECONDS + 1, tick=True):
        assert (await door.ask("GET", PATH, token=token)).status_code == 401


async def test_what_is_remembered_of_tokens_is_bounded(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REMEMBERED_TOKENS", 3)
    for number in range(5):
        token = door.provider.signers[0].token(sub=f"person-{number}")
        assert (await door.ask("GET", PATH, token=token)).status_code == 200
    assert len(door.app.state.tokens._known) == 3


async def test_nobody_gets_in_when_the_issuer_never_answered(door: Door) -> None:
    await door.provider.stop()
    assert (await door.ask("GET", PATH)).status_code == 503


async def test_a_role_or_scope_that_is_missing_is_named(door: Door) -> None:
    school = await door.ask("GET", PATH, roles=["school"])
    assert (school.status_code, school.json()["code"]) == (403, "role-missing")
    made_up = await door.ask("GET", PATH, roles=["root"])
    assert made_up.status_code == 403
    narrow = await door.ask("POST", PATH, {"code": "a", "grams": 1}, scope="pebbles:read")
    assert (narrow.status_code, narrow.json()["code"]) == (403, "scope-missing")


async def test_a_foreign_consortium_is_refused_whether_it_exists_or_not(door: Door) -> None:
    answers = [
        (await door.ask("GET", PATH, headers={"Consortium-Id": str(each)})).json()
        for each in (THEIRS, consortium_id("there-is-no-such-region"))
    ]
    for each in answers:
        each.pop("traceId", None)
    assert answers[0] == answers[1]
    assert (answers[0]["status"], answers[0]["code"]) == (403, "foreign-consortium")


async def test_a_token_of_several_consortia_must_say_which(door: Door) -> None:
    both: dict[str, Any] = {"consortia": [str(OURS), str(THEIRS)]}
    assert (await door.ask("GET", PATH, **both)).json()["code"] == "consortium-not-named"
    assert (await door.ask("GET", PATH, headers={"Consortium-Id": str(OURS)}, **both)).status_code == 200
    assert (await door.ask("GET", PATH, consortia=[])).status_code == 400


async def test_the_person_behind_an_account_is_looked_up(door: Door) -> None:
    assert (await door.ask("GET", "/v1/pebbles/persons")).json() == {"person": str(ANN)}
    unknown = await door.ask("GET", "/v1/pebbles/persons", sub="ghost")
    assert (unknown.status_code, unknown.json()["code"]) == (403, "person-unknown")

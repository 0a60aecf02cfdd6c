"""The command line of senders says in a sentence why it stopped, and ends with the code for it."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEERPUNT_RUN_FOLDER", str(tmp_path))
    for name in ("SPEERPUNT_ADDRESSES", "SPEERPUNT_TOKEN", "SPEERPUNT_TOKEN_FILE", "SPEERPUNT_KAFKA_USERNAME"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("words", [["add", "acme"], ["rotate", "acme"], ["remove", "acme"], ["list"]])
def test_where_nothing_runs_it_says_how_to_start(words: list[str]) -> None:
    ended = CliRunner().invoke(app, ["sender", *words])
    assert ended.exit_code == 4
    assert "speerpunt up" in ended.stderr
    assert ended.stdout == ""


@pytest.mark.parametrize("code", ["Acme", "a b", "../acme", "a" * 61, "-", "acme.x", "*"])
@pytest.mark.parametrize("command", ["add", "rotate", "remove"])
def test_a_code_that_would_name_other_topics_is_refused_before_anything_is_asked(command: str, code: str) -> None:
    ended = CliRunner().invoke(app, ["sender", command, "--", code])
    assert ended.exit_code == 2
    assert "is no code" in ended.stderr


@pytest.mark.parametrize("mandate", ["acme", "sto/acme:2022", "sto/acme:2022-02-01..2022-01-01"])
def test_what_is_no_mandate_is_refused_before_anything_is_asked(mandate: str) -> None:
    ended = CliRunner().invoke(app, ["sender", "add", "acme", "--mandate", mandate])
    assert ended.exit_code == 2
    assert re.search(r"REGION/ORGANISATION|before it begins", ended.stderr)


def test_an_installation_that_is_named_needs_a_token_and_an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPEERPUNT_ADDRESSES", "funding.http=http://127.0.0.1:1")
    ended = CliRunner().invoke(app, ["sender", "list"])
    assert (ended.exit_code, "SPEERPUNT_TOKEN" in ended.stderr) == (5, True)
    monkeypatch.setenv("SPEERPUNT_TOKEN", "token")
    ended = CliRunner().invoke(app, ["sender", "list", "--json"])
    assert (ended.exit_code, "SPEERPUNT_KAFKA_BOOTSTRAP" in ended.stderr) == (2, True)
    assert json.loads(ended.stderr)["error"]["code"] == "usage"

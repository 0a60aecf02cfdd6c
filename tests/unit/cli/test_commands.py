"""The command line tells a person and a machine the same, ends with a code that means something, and shows no stack."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from cli.answering import Answer, answers, because, ended
from cli.app import GROUPS, app
from cli.commands import dead_letters, ledger, money, watching
from cli.exits import Exit, Stopped, of_kind, of_status
from cli.installation import Installation, Where, addresses
from cli.portal import Refused
from cli.region import RegionUnusable
from deploy.embedded.problems import CannotStart
from runtime.problems import Kind, NotFound, Unavailable
from runtime.words import Words

PROJECT = Path(__file__).resolve().parents[3]
DOCS = (PROJECT / "docs" / "command-line.md").read_text(encoding="utf-8")
GOOD = {
    "service": "funding",
    "reachable": True,
    "published": 1_234,
    "consumed": 5,
    "outbox": 6,
    "outboxAgeSeconds": 7.25,
    "lag": 8,
    "parked": 9,
    "deadLetters": 0,
    "paused": [],
    "problem": None,
}


def shown(show: Callable[[Console, Words], None], language: str = "nl") -> str:
    """What a person reads, with plain spaces."""
    console = Console(file=io.StringIO(), width=160, highlight=False)
    show(console, Words(language))
    file = console.file
    assert isinstance(file, io.StringIO)
    return re.sub(r"[\u202f\xa0]", " ", file.getvalue())


@pytest.mark.parametrize(
    ("error", "end"),
    [
        (Stopped("Say which region.", "usage", Exit.USAGE), Exit.USAGE),
        (NotFound(what="dead letter"), Exit.NOT_FOUND),
        (Unavailable(what="Kafka"), Exit.AWAY),
        (Refused(401, "token-refused", "It is over."), Exit.NOT_ALLOWED),
        (Refused(409, "budget-exceeded", "There is too little left."), Exit.REFUSED),
        (Refused(503, "unavailable", "Try again."), Exit.AWAY),
        (CannotStart("There is no space."), Exit.AMISS),
        (RegionUnusable("region.yaml: code: is missing."), Exit.AMISS),
        (httpx2.ConnectError("x", request=httpx2.Request("GET", "http://127.0.0.1:1/v1/x?secret=1")), Exit.AWAY),
        (FileNotFoundError(2, "No such file or directory", "nowhere"), Exit.AMISS),
        (ExceptionGroup("two", [Refused(403, "a", "No."), Unavailable(what="Kafka")]), Exit.NOT_ALLOWED),
        (KeyError("a value that must not show"), Exit.FAULT),
    ],
    ids=lambda each: each.name if isinstance(each, Exit) else type(each).__name__,
)
def test_whatever_goes_wrong_is_a_sentence_and_a_code(error: Exception, end: Exit) -> None:
    stopped = because(error)
    assert stopped.end is end
    assert stopped.sentence.endswith(".")
    assert "Traceback" not in stopped.sentence
    assert "must not show" not in stopped.sentence
    assert "secret" not in stopped.sentence


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.name)
def test_grpc_and_rest_refusals_end_alike(kind: Kind) -> None:
    assert of_kind(kind) is of_status(kind.value.http_status)


def test_every_exit_code_is_documented_and_no_other() -> None:
    table = DOCS.split("## How it ends")[1].split("##")[0]
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == {int(each) for each in Exit}


def test_every_command_is_documented_and_takes_json_and_a_language() -> None:
    commands = 0
    for group, typed in GROUPS:
        for each in typed.registered_commands:
            callback = each.callback
            assert callback is not None
            name = each.name or callback.__name__
            assert {"as_json", "lang"} <= set(callback.__annotations__), name
            assert re.search(rf"[`,] ?{group} ?.*\b{name}\b", DOCS), f"{group} {name}"
            assert each.help, name
            commands += 1
    assert commands > 15


def test_a_fault_of_ours_is_told_by_its_place_and_not_by_what_it_holds() -> None:
    def broken() -> Answer:
        raise ValueError("Johanna van der Berg")

    assert ended(broken, True, "") is Exit.FAULT


def test_an_answer_is_one_document_or_the_same_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    answer = Answer({"cents": 5}, lambda console, words: console.print(words.money(5)), Exit.AMISS)
    assert ended(lambda: answer, True, "nl") is Exit.AMISS
    assert json.loads(capsys.readouterr().out) == {"cents": 5}
    assert ended(lambda: answer, False, "en") is Exit.AMISS
    assert capsys.readouterr().out == "€0.05\n"
    assert ended(lambda: answer, False, "tlh") is Exit.USAGE


def test_a_refusal_is_a_document_on_stderr_for_a_machine() -> None:
    own = typer.Typer()

    @answers(own)
    def refuse() -> Answer:
        """Refuses."""
        raise Stopped("No.", "because", Exit.REFUSED)

    done = CliRunner().invoke(own, ["--json"])
    assert (done.exit_code, done.stdout) == (3, "")
    assert json.loads(done.stderr) == {"error": {"code": "because", "sentence": "No.", "exit": 3}}


def test_where_it_is_comes_from_the_environment_and_needs_a_token(tmp_path: Path) -> None:
    named = "funding.http=https://f.example/,funding.grpc=10.0.0.7:9000"
    assert addresses(named) == ({"funding": "https://f.example"}, {"funding": "10.0.0.7:9000"})
    for wrong in ("funding=x", "nobody.http=x", "funding.http=", "funding.kafka=x"):
        with pytest.raises(Stopped) as stopped:
            addresses(wrong)
        assert stopped.value.end is Exit.USAGE
    with pytest.raises(Stopped) as stopped:
        Installation.found(Where(named))
    assert stopped.value.end is Exit.NOT_ALLOWED
    (tmp_path / "token").write_text("abc\n")
    assert Installation.found(Where(named, token_file=tmp_path / "token")).token == "abc"
    with pytest.raises(Stopped) as stopped:
        Installation.found(Where(up=tmp_path / "up.json"))
    assert stopped.value.end is Exit.AWAY
    assert "speerpunt up" in str(stopped.value)


@pytest.mark.parametrize(
    ("changed", "end"),
    [
        ({}, Exit.DONE),
        ({"deadLetters": 1}, Exit.AMISS),
        ({"paused": ["funding.partners"]}, Exit.AMISS),
        ({"reachable": False, "problem": "It is away."}, Exit.AWAY),
    ],
    ids=["well", "dead-letters", "held", "away"],
)
def test_status_tells_a_script_how_it_is(changed: dict[str, Any], end: Exit) -> None:
    services = [GOOD, {**GOOD, **changed}]
    assert watching.verdict(services) is end
    told = shown(lambda console, words: watching.show(console, words, services))
    assert "1.234" in told
    assert "7,2 s" in told
    assert (end is Exit.DONE) == ("wait:" not in told and "held" not in told and "away" not in told)


def test_a_broken_ledger_says_where() -> None:
    verdict = {
        "region": "sto-x",
        "ok": False,
        "entries": 1_000,
        "batches": 3,
        "head": "9f3c" * 16,
        "unsealed": 2,
        "imbalanceCents": 100,
        "imbalanceMinutes": 75,
        "wrongBalances": ["bank"],
        "brokenAt": {"batch": 2, "entry": "e-1", "why": "the entry is not what was sealed"},
    }
    told = shown(lambda console, words: ledger.show(console, words, [verdict]))
    for part in ("BROKEN", "1.000 entries", "batch 2, entry e-1", "bank", "€ 1,00 and 1:15 u", "2 wait"):
        assert part in told


def test_a_file_of_the_books_is_verified_without_anything_running(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text("{}\n")
    done = CliRunner().invoke(app, ["ledger", "verify-file", str(tmp_path / "x.jsonl"), "--json"])
    assert done.exit_code == Exit.AMISS
    assert json.loads(done.stderr)["error"]["code"] == "not-an-export"
    assert CliRunner().invoke(app, ["ledger", "verify-file", str(tmp_path / "none")]).exit_code == Exit.AMISS


def test_the_position_says_what_is_short_and_whom_to_phone() -> None:
    sums = {f"{name}Cents": 5_000 for name in ("realised", "declared", "promised", "forecast")}
    reading = {"base": "of-total", "basisPoints": 750, "requiredCents": 81_081_081, "reachedBasisPoints": 9_999}
    reading |= {"shortfallCents": 1, "forecastShortfallCents": 0}
    document = {
        "region": "sto-x",
        "programme": {"asOf": "2024-05-01", "realisedMinutes": 90, "readings": [reading], **sums},
        "lines": [{"name": "Robotica [x]", **sums}],
        "calls": [{"name": "Keistad [Elektro]", "atStakeCents": 2_996_660}],
    }
    told = shown(lambda console, words: money.show(console, words, document))
    for part in (
        "1 mei 2024",
        "1:30 u",
        "7,5%",
        "€ 810.810,81",
        "99,9%",
        "Robotica [x]",
        "Keistad [Elektro]: € 29.966,60",
    ):
        assert part in told


def test_a_dead_letter_is_shown_as_the_service_masked_it() -> None:
    letter = dict.fromkeys(("id", "service", "consumer", "record", "type", "code", "reason", "closedBecause"), "x")
    letter |= {"at": "2024-05-01T10:00:00+00:00", "state": "discarded", "closedBy": "https://issuer|olga"}
    found = {
        "deadLetter": {**letter, "parkedBehind": 4, "closedAt": None},
        "envelope": {"type": "nl.x.v1"},
        "payload": {"day": "2024-05-01", "(undeclared 1)": "(text of 9)"},
    }
    told = shown(lambda console, words: dead_letters.show_one(console, words, found))
    for part in ("4 messages", "discarded by olga", '"(undeclared 1)": "(text of 9)"', "type: nl.x.v1"):
        assert part in told


def test_wrong_use_ends_with_two_before_anything_is_asked() -> None:
    for words in (["nonsense"], ["position", "--on", "gisteren"], ["dead-letters", "discard", "x"], ["region", "add"]):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == Exit.USAGE, words
        assert "Traceback" not in done.output


def test_the_installed_command_completes_in_the_shell() -> None:
    environment = {**os.environ, "_SPEERPUNT_COMPLETE": "complete_bash", "COMP_WORDS": "speerpunt dead-letters re"}
    done = subprocess.run(
        [Path(sys.executable).with_name("speerpunt")],
        env={**environment, "COMP_CWORD": "2"},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["replay"]

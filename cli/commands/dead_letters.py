"""Dead letters: what could not be handled, looked at without anybody's personal data, replayed or given up."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from speerpunt.runtime.v1 import operations_pb2 as pb

from cli.answering import Answer, answers
from cli.exits import Exit, Stopped
from cli.installation import ACT_SECONDS, SERVICES, Operator
from runtime.problems import Kind, Problem
from runtime.words import Words

app = typer.Typer(help="Dead letters: list, show, replay, discard.", no_args_is_help=True)
MOST = 500
Service = Annotated[str | None, typer.Option(help="Only of this service.", metavar="|".join(SERVICES))]
Code = Annotated[str | None, typer.Option(help="Only with this code, such as unreadable-event.")]
Id = Annotated[str, typer.Argument(help="The id of a dead letter, as `list` shows it.", metavar="ID")]


@answers(app, "list")
async def list_(
    at: Operator,
    service: Service = None,
    code: Code = None,
    settled: Annotated[bool, typer.Option(help="Those that were replayed or discarded, with who did it.")] = False,
) -> Answer:
    """What waits at every service, the oldest first; or with --settled what was settled, the last first."""
    letters = await waiting(at, service, code, settled=settled)
    return Answer({"deadLetters": letters}, lambda console, words: show_list(console, words, letters))


@answers(app)
async def show(at: Operator, wanted: Id) -> Answer:
    """One dead letter: why, where it came from, and its payload with everything masked that may be personal."""
    found = await opened(at, wanted)
    return Answer(found, lambda console, words: show_one(console, words, found))


@answers(app)
async def replay(
    at: Operator,
    wanted: Annotated[str | None, typer.Argument(help="The id of a dead letter.", metavar="[ID]")] = None,
    every: Annotated[bool, typer.Option("--all", help="All that wait with --code, and of --service if given.")] = False,
    service: Service = None,
    code: Code = None,
) -> Answer:
    """Handle a dead letter again, then what was parked behind it; or with --all every one of a kind, the oldest first.

    Ends with 3 when one failed again; the others are handled all the same.
    """
    if every == (wanted is not None) or (every and not code):
        raise Stopped(
            "Name one by its id, or all of a kind: --all --code CODE [--service SERVICE].", "usage", Exit.USAGE
        )
    found = await waiting(at, service, code) if every else [(await opened(at, str(wanted)))["deadLetter"]]
    done: list[dict[str, Any]] = []
    for letter in found:
        try:
            request = pb.ReplayRequest(dead_letter_id=letter["id"])
            told = await at.ask(letter["service"], "Replay", request, ACT_SECONDS)
            done.append({"id": letter["id"], "service": letter["service"], "handled": told.handled, "problem": None})
        except Problem as problem:
            said = {"code": problem.code, "sentence": problem.detail}
            done.append({"id": letter["id"], "service": letter["service"], "handled": 0, "problem": said})
    failed = [each for each in done if each["problem"]]
    document = {"handled": sum(each["handled"] for each in done), "failed": len(failed), "deadLetters": done}
    return Answer(
        document, lambda console, words: show_done(console, words, done), Exit.REFUSED if failed else Exit.DONE
    )


@answers(app)
async def discard(
    at: Operator,
    wanted: Id,
    reason: Annotated[str, typer.Option(help="Why it may be given up: kept with your name.", show_default=False)],
) -> Answer:
    """Give a dead letter up, with a reason, then handle what was parked behind it."""
    letter = (await opened(at, wanted))["deadLetter"]
    request = pb.DiscardRequest(dead_letter_id=letter["id"], reason=reason)
    told = await at.ask(letter["service"], "Discard", request, ACT_SECONDS)
    done = [{"id": letter["id"], "service": letter["service"], "handled": told.handled, "problem": None}]
    document = {"handled": told.handled, "failed": 0, "deadLetters": done}
    return Answer(document, lambda console, words: show_done(console, words, done))


async def waiting(
    at: Operator, service: str | None, code: str | None, *, settled: bool = False
) -> list[dict[str, Any]]:
    """The dead letters of one service or all of them, page by page."""
    if service is not None and service not in SERVICES:
        raise Stopped(f"There is no service '{service}': {', '.join(SERVICES)}.", "usage", Exit.USAGE)

    async def of(name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            request = pb.ListDeadLettersRequest(limit=MOST, after=after, settled=settled)
            page = (await at.ask(name, "ListDeadLetters", request)).dead_letters
            found += [document(name, letter) for letter in page]
            if settled or len(page) < MOST:
                return found
            after = page[-1].id

    asked = await asyncio.gather(*(of(name) for name in at.services if service in (None, name)))
    letters = [letter for one in asked for letter in one if code in (None, letter["code"])]
    key = "closedAt" if settled else "at"
    return sorted(letters, key=lambda letter: str(letter[key]), reverse=settled)


async def opened(at: Operator, wanted: str) -> dict[str, Any]:
    """The one with this id, at whichever service it is. Raises Stopped when none has it."""
    away: Stopped | None = None
    for name in at.services:
        try:
            told = await at.ask(name, "GetDeadLetter", pb.GetDeadLetterRequest(dead_letter_id=wanted))
        except Problem as problem:
            if problem.kind is Kind.NOT_FOUND:
                continue
            raise
        except Stopped as stopped:
            if stopped.end is not Exit.AWAY:
                raise
            away = stopped
            continue
        return {
            "deadLetter": document(name, told.dead_letter),
            "envelope": dict(told.envelope),
            "payload": json.loads(told.payload),
            "payloadBytes": told.payload_bytes,
            "stack": list(told.stack),
        }
    if away is not None:
        raise away
    raise Stopped(
        f"No service has a dead letter '{wanted}'. `speerpunt dead-letters list`", "not-found", Exit.NOT_FOUND
    )


def document(service: str, letter: pb.DeadLetter) -> dict[str, Any]:
    """A dead letter with stable keys."""
    return {
        "id": letter.id,
        "service": service,
        "consumer": letter.consumer,
        "record": letter.record,
        "type": letter.type or None,
        "code": letter.code,
        "reason": letter.reason,
        "at": letter.at.ToDatetime(UTC).isoformat(),
        "state": letter.state,
        "parkedBehind": letter.parked_behind,
        "closedAt": letter.closed_at.ToDatetime(UTC).isoformat() if letter.HasField("closed_at") else None,
        "closedBy": letter.closed_by or None,
        "closedBecause": letter.closed_because or None,
    }


def show_list(console: Console, words: Words, letters: list[dict[str, Any]]) -> None:
    """One line each: what an operator needs to choose."""
    if not letters:
        console.print("No dead letters. As it should be.")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("id", "service", "code", "when", "behind", "state", "by"):
        table.add_column(title, justify="right" if title == "behind" else "left", no_wrap=title == "id")
    for each in letters:
        who = (each["closedBy"] or "").split("|")[-1]
        table.add_row(
            each["id"],
            each["service"],
            escape(each["code"]),
            words.moment(datetime.fromisoformat(each["closedAt"] or each["at"])),
            words.number(each["parkedBehind"]),
            each["state"],
            escape(who),
        )
    console.print(table)


def show_one(console: Console, words: Words, found: dict[str, Any]) -> None:
    """Everything that may be seen of one."""
    letter = found["deadLetter"]
    console.print(f"[bold]{escape(letter['code'])}[/bold] at {escape(letter['consumer'])}: {escape(letter['reason'])}")
    console.print(
        f"{escape(letter['record'])}, {words.moment(datetime.fromisoformat(letter['at']))}, {letter['state']}"
    )
    if letter["parkedBehind"]:
        console.print(f"{words.number(letter['parkedBehind'])} messages of the same key wait behind it.")
    if letter["closedBy"]:
        who = letter["closedBy"].split("|")[-1]
        console.print(f"{letter['state']} by {escape(who)}: {escape(letter['closedBecause'] or 'handled again')}")
    for name, text in found["envelope"].items():
        console.print(f"  {name}: {text}", markup=False)
    console.print(json.dumps(found["payload"], indent=2, ensure_ascii=False), markup=False)
    console.print("Masked in (brackets): what may be personal, and what nobody declared.")


def show_done(console: Console, words: Words, done: list[dict[str, Any]]) -> None:
    """What came of each."""
    if not done:
        console.print("None of these wait.")
    for each in done:
        if each["problem"]:
            console.print(f"[red]{each['id']}[/red] {escape(each['problem']['sentence'])}")
        else:
            console.print(f"{each['id']} {words.number(each['handled'])} handled")

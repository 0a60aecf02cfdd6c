"""How the events flow: the services in numbers, and one thing followed through all of them."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from speerpunt.runtime.v1 import operations_pb2 as pb

from cli.answering import Answer, answers
from cli.exits import Exit, Stopped
from cli.installation import Operator
from runtime.problems import Problem
from runtime.words import Words

app = typer.Typer()
COLUMNS = (
    ("service", "service"),
    ("published", "published"),
    ("consumed", "consumed"),
    ("outbox", "outbox"),
    ("oldest", "outboxAgeSeconds"),
    ("lag", "lag"),
    ("parked", "parked"),
    ("dead letters", "deadLetters"),
)


@answers(app)
async def status(at: Operator) -> Answer:
    """Services and their health, lag, outbox with the age of its oldest fact, dead letters; regions that are closed.

    Ends with 1 when dead letters wait or a consumer is held, with 4 when a service is away.
    """
    services = list(await asyncio.gather(*(service_status(at, name) for name in at.services)))
    closed = await closed_regions(at)
    end = verdict(services)

    def tell(console: Console, words: Words) -> None:
        show(console, words, services)
        show_closed(console, words, closed)

    return Answer({"ok": end is Exit.DONE, "services": services, "closedRegions": closed}, tell, end)


async def closed_regions(at: Operator) -> list[dict[str, Any]]:
    """The regions that some service takes no commands for, and which services those are; by code where it is known."""
    found: dict[str, dict[str, Any]] = {}
    for name in at.services:
        try:
            told = await at.ask(name, "ListClosedRegions", pb.ListClosedRegionsRequest())
        except (Problem, Stopped):
            continue  # said of the service already
        for one in told.regions:
            about = {"id": one.consortium_id, "since": one.since.ToDatetime(UTC).isoformat(), "reason": one.reason}
            found.setdefault(one.consortium_id, {**about, "code": None, "services": []})["services"].append(name)
    try:
        codes = {str(each.id): each.code for each in await at.regions()} if found else {}
    except (Problem, Stopped):
        codes = {}
    for each in found.values():
        each["code"] = codes.get(each["id"])
    return sorted(found.values(), key=lambda each: (each["code"] or "", each["id"]))


def show_closed(console: Console, words: Words, closed: Sequence[dict[str, Any]]) -> None:
    """A sentence for every region that is closed."""
    for each in closed:
        since = words.moment(datetime.fromisoformat(each["since"]))
        console.print(f"{each['code'] or each['id']} is closed since {since}: {each['reason']}", markup=False)


async def service_status(at: Operator, name: str) -> dict[str, Any]:
    """One service in numbers, or why nothing is known of it."""
    nothing = dict.fromkeys(
        ("version", "published", "consumed", "outbox", "outboxAgeSeconds", "lag", "deadLetters", "parked", "refused")
    )
    try:
        about = await at.ask(name, "Describe", pb.DescribeRequest())
        lag = await at.ask(name, "GetLag", pb.GetLagRequest())
    except Problem as problem:
        return {
            "service": name,
            "reachable": False,
            **nothing,
            "paused": [],
            "consumers": [],
            "problem": problem.detail,
        }
    except Stopped as stopped:
        if stopped.end is Exit.NOT_ALLOWED:
            raise
        return {"service": name, "reachable": False, **nothing, "paused": [], "consumers": [], "problem": str(stopped)}
    behind: dict[tuple[str, str], int] = {}
    for one in lag.consumers:
        behind[one.consumer, one.topic] = behind.get((one.consumer, one.topic), 0) + one.lag
    return {
        "service": name,
        "reachable": True,
        "version": about.version,
        "published": about.events_published,
        "consumed": about.events_consumed,
        "outbox": about.outbox_depth,
        "outboxAgeSeconds": round(about.outbox_age_seconds, 3),
        "lag": sum(behind.values()),
        "deadLetters": about.dead_letters,
        "parked": about.parked,
        "refused": about.refused,
        "paused": sorted({one.consumer for one in lag.consumers if one.paused}),
        "consumers": [{"consumer": who, "topic": topic, "lag": n} for (who, topic), n in sorted(behind.items())],
        "problem": None,
    }


def verdict(services: Sequence[dict[str, Any]]) -> Exit:
    """How `status` ends."""
    if not all(each["reachable"] for each in services):
        return Exit.AWAY
    return Exit.AMISS if any(each["deadLetters"] or each["paused"] for each in services) else Exit.DONE


def show(console: Console, words: Words, services: Sequence[dict[str, Any]]) -> None:
    """The table, and a sentence for everything that is amiss."""
    table = Table(box=None, pad_edge=False)
    for title, _ in COLUMNS:
        table.add_column(title, justify="left" if title == "service" else "right")
    for each in services:
        if not each["reachable"]:
            table.add_row(each["service"], "[red]away[/red]")
            continue
        cells = [
            words.seconds(each[key]) if key == "outboxAgeSeconds" else words.number(each[key])
            for _, key in COLUMNS
            if key != "service"
        ]
        table.add_row(each["service"], *cells)
    console.print(table)
    for each in services:
        if each["problem"]:
            console.print(f"[red]{escape(each['problem'])}[/red]")
        for consumer in each["paused"]:
            console.print(f"[red]{escape(consumer)} is held.[/red] It goes on after Resume, or a flood was settled.")
        if each["deadLetters"]:
            console.print(f"{each['service']}: {each['deadLetters']} dead letters wait: speerpunt dead-letters list.")


@answers(app)
async def follow(
    at: Operator,
    wanted: Annotated[
        str, typer.Argument(help="An id: of a contribution, an activity, an organisation, an event.", metavar="ID")
    ],
) -> Answer:
    """Follow one thing through all services: who published what when, who handled it when, and in which trace."""
    facts = await at.journey(wanted)
    causes = sorted({each.correlation_id for each in facts if each.correlation_id})
    if not causes and _is_uuid(wanted):
        causes = [wanted]
    steps = {}
    for cause in causes[:50]:
        for taken in await at.follow(cause):
            steps[taken.service, taken.consumer, taken.topic, taken.event_id] = _step(taken)
    told = {step["eventId"] for step in steps.values()}
    steps |= {("", "", "", fact.event_id): _heard(fact) for fact in facts if fact.event_id not in told}
    found = sorted(steps.values(), key=lambda step: (step["at"], step["direction"] == "received"))
    if not found:
        sentence = f"Nothing was heard of '{wanted}' here. Check the id; what was published is remembered for 30 days."
        raise Stopped(sentence, "not-found", Exit.NOT_FOUND)
    first = datetime.fromisoformat(found[0]["at"])
    for each in found:
        each["afterSeconds"] = round((datetime.fromisoformat(each["at"]) - first).total_seconds(), 3)
    traces = list(dict.fromkeys(each["traceId"] for each in found if each["traceId"]))
    document = {
        "id": wanted,
        "steps": found,
        "traces": traces,
        "traceLinks": [_link(each) for each in traces if _link(each)],
    }
    return Answer(document, lambda console, words: show_journey(console, words, document))


def show_journey(console: Console, words: Words, document: dict[str, Any]) -> None:
    """The journey as a table, and where its traces are."""
    table = Table(box=None, pad_edge=False)
    for title in ("when", "after", "service", "what", "event", "by"):
        table.add_column(title, justify="right" if title == "after" else "left")
    for each in document["steps"]:
        table.add_row(
            words.moment(datetime.fromisoformat(each["at"])),
            words.seconds(each["afterSeconds"], 3),
            each["service"],
            each["direction"],
            escape(each["type"].removeprefix("nl.speerpunt.")),
            escape(each["consumer"] or each["topic"] or ""),
        )
    console.print(table)
    for trace in document["traces"]:
        console.print(f"trace {trace} {_link(trace)}".rstrip(), markup=False)


def _step(step: pb.Step) -> dict[str, Any]:
    moment = step.handled_at if step.consumer else step.published_at
    return {
        "at": moment.ToDatetime(UTC).isoformat(),
        "service": step.service,
        "direction": "received" if step.consumer else "published",
        "type": step.type,
        "eventId": step.event_id,
        "traceId": step.trace_id,
        "consumer": step.consumer or None,
        "topic": step.topic or None,
    }


def _heard(fact: Any) -> dict[str, Any]:
    """What only the dashboard remembers: it is older than what the services themselves keep."""
    return {
        "at": fact.occurred_at.ToDatetime(UTC).isoformat(),
        "service": fact.type.split(".")[0],
        "direction": "published",
        "type": fact.type,
        "eventId": fact.event_id,
        "traceId": fact.trace_id,
        "consumer": None,
        "topic": None,
    }


def _link(trace: str) -> str:
    """Where the trace is to be seen: SPEERPUNT_TRACE_URL, with {trace} for its id; empty when that is not set."""
    return os.environ.get("SPEERPUNT_TRACE_URL", "").replace("{trace}", trace)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True

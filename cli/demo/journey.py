"""A journey: one record through the services, as they remember it and as its trace shows it."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from cli.demo.carry_out import CarriedOut
from cli.demo.stage import Stage
from cli.demo.systems import Published, Receipt
from cli.report.model import Journey, Span, Step

TRACE_SECONDS = 3.0
ASK_AGAIN_SECONDS = 0.1
SHOWN = 14
NORMAL_MS = 1_000


async def journey(stage: Stage, done: CarriedOut) -> Journey | None:
    """The record that goes furthest: one that is held, so that the office is told; else one that is booked.

    One that was answered in normal operation, not after the service had been killed.
    """
    chosen = _choose(done)
    if chosen is None:
        return None
    sent, answer = chosen
    published = datetime.fromtimestamp(sent.at_ms / 1000, UTC)
    steps = [
        Step(service=sent.sender, what="published its record to Kafka", at=published, after_ms=0.0),
        Step(
            service=sent.sender,
            what=f"had its receipt: {answer.outcome}",
            at=datetime.fromtimestamp(answer.at_ms / 1000, UTC),
            after_ms=float(answer.at_ms - sent.at_ms),
        ),
    ]
    for each in await stage.operators.follow(sent.correlation):
        at = (each.published_at if each.published else each.handled_at).ToDatetime(UTC)
        what = f"published {_fact(each.type)}" if each.published else f"handled {_fact(each.type) or 'the record'}"
        after_ms = round((at - published).total_seconds() * 1000, 1)
        steps.append(Step(service=each.service, what=what, at=at, after_ms=after_ms))
    spans = await _spans(stage, sent.trace)
    stage.say(
        "journey", f"one record followed through {len({each.service for each in steps})} systems, {len(spans)} spans"
    )
    return Journey(
        record=f"{sent.sender} {answer.says['id']}",
        outcome=answer.outcome,
        trace=sent.trace,
        correlation=str(sent.correlation),
        steps=tuple(sorted(steps, key=lambda each: each.at)),
        spans=tuple(spans[:SHOWN]),
    )


def _choose(done: CarriedOut) -> tuple[Published, Receipt] | None:
    found = [(each, answer) for each in done.systems.published if (answer := done.systems.answer(each.record))]
    quick = sorted(found, key=lambda pair: pair[1].at_ms - pair[0].at_ms)
    for outcome in ("held", "booked"):
        for sent, answer in quick:
            if answer.outcome == outcome and answer.at_ms - sent.at_ms < NORMAL_MS:
                return sent, answer
    return quick[0] if quick else None


def _fact(kind: str) -> str:
    return kind.removeprefix("nl.speerpunt.").removesuffix(".v1")


async def _spans(stage: Stage, trace: str) -> list[Span]:
    """The spans of a trace, from the files of all services; waits for the exporters, which write every 200 ms."""
    found: list[dict[str, Any]] = []
    until = asyncio.get_running_loop().time() + TRACE_SECONDS
    while not found and asyncio.get_running_loop().time() < until:
        found = [
            json.loads(line)
            for path in stage.stack.telemetry_files.values()
            if path.exists()
            for line in path.read_text(encoding="utf-8").splitlines()
            if f'"trace": "{trace}"' in line
        ]
        if not found:
            await asyncio.sleep(ASK_AGAIN_SECONDS)
    found.sort(key=lambda each: each["start_ns"])
    return [
        Span(
            service=each["service"],
            name=each["name"],
            start_ms=round((each["start_ns"] - found[0]["start_ns"]) / 1e6, 1),
            duration_ms=round((each["end_ns"] - each["start_ns"]) / 1e6, 1),
        )
        for each in found
    ]

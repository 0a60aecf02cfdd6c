"""Carry out: companies' systems publish their records; in the middle of the stream the funding service is killed."""

import asyncio
import csv
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from cli.demo.stage import DemoFailed, Stage, together
from cli.demo.systems import Receipt, Systems
from cli.portal import Portal
from cli.report.model import Broken, Latency, Refusal
from cli.report.naive import Sent, document

ANSWER_SECONDS = 30
ALL_SECONDS = 90
REST_RECORDS = 5
PACED = 20
COLUMNS = (
    "id",
    "consortium",
    "organisation",
    "line",
    "day",
    "kind",
    "minutes",
    "workerRef",
    "activityRef",
    "description",
)
Record = tuple[str, bytes]


@dataclass(slots=True)
class CarriedOut:
    """What was sent and what came back: over Kafka, and a batch over REST."""

    systems: Systems
    refusal: Refusal | None = None
    broken: Broken | None = None
    over_rest: list[tuple[Sent, dict[str, Any]]] = field(default_factory=list)
    dry_run: dict[str, int] = field(default_factory=dict)

    @property
    def published(self) -> int:
        return len(self.systems.published) + len(self.over_rest)


async def admit(stage: Stage) -> None:
    """Senders are admitted, which makes their topics, and get their mandates."""
    operator = await stage.as_role("operator", "operator-1")
    for sender in stage.region.senders:
        await operator.put("funding", f"/v1/senders/{sender.code}", {"title": sender.title})
    await together(
        stage.office.put(
            "funding", f"/v1/senders/{sender.code}/mandates/{each.organisation}", each.body("organisation")
        )
        for sender in stage.region.senders
        for each in sender.mandates
    )


async def carry_out(stage: Stage, systems: Systems) -> CarriedOut:
    """Everything in records/ is sent, and everything is answered."""
    done = CarriedOut(systems)
    stream = list(_interleaved(stage))
    by_rest, stream = _for_rest(stream)
    if not stream:
        return done
    half = max(1, len(stream) // 2)
    fast = await _one_by_one(stage, systems, stream[:half][:PACED])
    done.refusal, sent = await _one_refusal(stage, systems, stream[:half], PACED, fast)
    done.broken = await _break_in_the_middle(stage, systems, stream[sent:half], stream[half:])
    if by_rest:
        await _over_rest(stage, done, by_rest)
    return done


async def _one_by_one(stage: Stage, systems: Systems, records: list[Record]) -> Latency:
    """How fast a record is answered when it is sent by itself, while everything is up."""
    took = sorted([await _answered_in(systems, record) for record in records])
    fast = Latency(
        answers=len(took), median_ms=took[len(took) // 2], p95_ms=took[len(took) * 95 // 100], most_ms=took[-1]
    )
    stage.say("carry out", f"{fast.answers} records sent one by one, half of them answered within {fast.median_ms} ms")
    return fast


async def _answered_in(systems: Systems, record: Record) -> int:
    (sent,) = await systems.publish([record])
    await systems.wait(lambda: systems.answer(sent.record) is not None, ANSWER_SECONDS, "an answer")
    answer = systems.answer(sent.record)
    return answer.at_ms - sent.at_ms if answer is not None else 0


def _interleaved(stage: Stage) -> Iterator[Record]:
    """All records, every sender's own in their order, the senders side by side as in a real month."""
    left = {sender: list(bodies) for sender, bodies in stage.region.records.items() if bodies}
    most = max((len(bodies) for bodies in left.values()), default=0)
    places = sorted(
        (number * most / len(bodies), sender, number)
        for sender, bodies in left.items()
        for number in range(len(bodies))
    )
    for _, sender, number in places:
        yield sender, left[sender][number]


def _for_rest(stream: list[Record]) -> tuple[list[Record], list[Record]]:
    """The last few records of one sender, when they fit a sheet, go over REST instead; and the rest of the stream."""
    best: list[int] = []
    for sender in sorted({sender for sender, _ in stream}):
        places = [place for place, (whose, _) in enumerate(stream) if whose == sender][-REST_RECORDS:]
        while places and not all(_plain(stream[place][1]) for place in places):
            places.pop(0)
        best = max(best, places, key=len)
    taken = set(best)
    return [stream[place] for place in best], [each for place, each in enumerate(stream) if place not in taken]


def _plain(body: bytes) -> bool:
    found = document(body)
    return found is not None and "id" in found and set(found) <= set(COLUMNS)


async def _one_refusal(
    stage: Stage, systems: Systems, stream: list[Record], sent: int, fast: Latency
) -> tuple[Refusal | None, int]:
    """Sends what is left up to the first record for a line that does not exist in one burst, and that one alone."""
    lines = stage.region.programme.lines
    for place, (_, body) in enumerate(stream[sent:], sent):
        found = document(body)
        line = str(found.get("line", "")) if found else ""
        if line and line not in lines and get_close_matches(line, lines, n=1):
            burst = await systems.publish(stream[sent:place])
            await systems.wait(systems.all_answered, ANSWER_SECONDS, "an answer to each")
            answers = [answer.at_ms for each in burst if (answer := systems.answer(each.record)) is not None]
            if burst:
                took = max(answers) - min(each.at_ms for each in burst)
                fast = fast.model_copy(update={"burst_records": len(burst), "burst_ms": took})
            refusal = await _followed(stage, systems, stream[place])
            return refusal.model_copy(update={"latency": fast}), place + 1
    return None, min(sent, len(stream))


async def _followed(stage: Stage, systems: Systems, record: Record) -> Refusal:
    (sent,) = await systems.publish([record])
    await systems.wait(lambda: systems.answer(sent.record) is not None, ANSWER_SECONDS, "a refusal")
    answer = systems.answer(sent.record)
    if answer is None or answer.outcome != "refused":
        raise DemoFailed("A record for a line that does not exist was not refused.")
    took = answer.at_ms - sent.at_ms
    language = stage.region.consortium.language
    stage.say("carry out", f"a record of {sent.sender} was refused with a sentence within {took} ms")
    return Refusal(
        sender=sent.sender,
        record=sent.record,
        sent=_readable(sent.body),
        code=answer.codes[0],
        sentence=answer.sentence(language),
        language=language if language in answer.says["reasons"][0]["message"] else "en",
        milliseconds=took,
        latency=None,
    )


def _readable(body: bytes) -> str:
    found = document(body)
    return json.dumps(found, ensure_ascii=False) if found else body.decode(errors="replace")


async def _break_in_the_middle(
    stage: Stage, systems: Systems, while_up: list[Record], while_away: list[Record]
) -> Broken:
    """kill -9 of funding as soon as it has begun to answer, with records unread; the companies go on; it comes back and
    everything is answered once."""
    before = systems.answered(systems.published)
    publishing = asyncio.create_task(systems.publish(while_up))
    if while_up:
        await systems.wait(lambda: len(systems.answered_records()) > before, ANSWER_SECONDS, "the first of the stream")
    stage.stack.kill("funding")
    killed = time.monotonic()
    await publishing
    in_time = systems.answered_records()
    unread = await systems.unread()
    stage.say("break", f"kill -9 of funding after {len(in_time)} answers, with {unread} records unread")
    await systems.publish(while_away)
    await stage.stack.start("funding")
    back = time.monotonic()
    stage.say("break", f"{len(while_away)} records were sent while it was away; it is back")
    everything = systems.published
    await systems.wait(
        lambda: systems.answered(everything) == len(everything), ALL_SECONDS, "an answer to every record"
    )
    caught_up = time.monotonic()
    answers = [sum(receipt.answers for receipt in systems.receipts.get(each.record, ())) for each in everything]
    lost, doubled = answers.count(0), sum(count > 1 for count in answers)
    stage.say("break", f"all {len(everything)} records are answered: {lost} lost, {doubled} doubled")
    return Broken(
        service="funding",
        answered_before=len(in_time),
        unread_at_kill=unread,
        published_while_away=len(while_away),
        away_seconds=round(back - killed, 1),
        caught_up_seconds=round(caught_up - back, 1),
        records=len(everything),
        answered_once=answers.count(1),
        lost=lost,
        doubled=doubled,
        repeated=systems.repeated,
    )


async def _over_rest(stage: Stage, done: CarriedOut, records: list[Record]) -> None:
    """A small batch over REST: first as a sheet that is only tried, then for real as lines of JSON."""
    sender = records[0][0]
    portal = await Portal.sign_in(
        stage.client, stage.stack, f"system-{sender}", ["sender"], stage.tenant, sender=sender
    )
    path = "/v1/contribution-batches"
    sheet = io.StringIO()
    found = [document(body) or {} for _, body in records]
    writer = csv.DictWriter(sheet, [name for name in COLUMNS if any(name in each for each in found)])
    writer.writeheader()
    writer.writerows(found)
    tried = await portal.post_content("funding", f"{path}?dryRun=true", sheet.getvalue().encode(), "text/csv")
    lines = b"".join(body + b"\n" for _, body in records)
    booked = await portal.post_content("funding", path, lines, "application/x-ndjson")
    done.dry_run = tried["counts"]
    if tried["counts"] != booked["counts"]:
        raise DemoFailed(f"A dry run said {tried['counts']}, and then it was {booked['counts']}.")
    if len(booked["receipts"]) != len(records):
        raise DemoFailed(f"{len(records)} records over REST got {len(booked['receipts'])} receipts.")
    done.over_rest = [
        (Sent(sender, receipt["record"], body), receipt)
        for (_, body), receipt in zip(records, booked["receipts"], strict=True)
    ]
    stage.say("carry out", f"{len(records)} more over REST, tried first as CSV: {_counted(booked['counts'])}")


def outcomes(done: CarriedOut) -> list[tuple[Sent, Receipt]]:
    """Every record with what became of it, whichever way it was sent."""
    found = [(each.sent, answer) for each in done.systems.published if (answer := done.systems.answer(each.record))]
    return found + [
        (sent, Receipt(sent.sender, sent.record, says["outcome"], 0, says)) for sent, says in done.over_rest
    ]


def _counted(counts: dict[str, int]) -> str:
    """What became of records, as words: `5 booked, 1 held`."""
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count) or "none"

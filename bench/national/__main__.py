"""`python -m bench.national`: a whole country on one installation, loaded, reported and checked, with time and memory.

Exits with 1 and a sentence for everything that does not balance.
"""

import argparse
import asyncio
import dataclasses
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import grpc.aio
import httpx2
from rich.console import Console
from rich.table import Table

from bench.national import books, loading, looking, sending
from bench.national.books import Books
from bench.national.looking import Looked
from bench.national.watch import MIB, Watch, sizes
from bench.national.world import RegionMade, country
from cli.operators import Operators, StillBehind
from cli.portal import Refused
from deploy.embedded.problems import CannotStart
from deploy.embedded.supervisor import SERVICES, Stack

REPORT = Path("build/national.json")
INTAKE = "funding.intake"
ASK_AGAIN_SECONDS = 0.5
QUIET_SECONDS, QUIET_TIMES = 60, 60
SETTINGS = {
    "SPEERPUNT_REQUESTS_PER_MINUTE": "100000000",
    "SPEERPUNT_TELEMETRY_SAMPLE": "0",
    "SPEERPUNT_GROUP_SESSION_TIMEOUT_MS": "10000",
}


async def play(
    regions: Sequence[RegionMade], services: Sequence[str]
) -> tuple[Watch, list[Books], list[str], dict[str, int], list[Looked]]:
    """Everything, in order; what was watched, the books, a sentence for what does not hold, bytes on disk, pages."""
    stack = Stack(services=services, end_with_parent=True, environment={"*": SETTINGS})
    async with stack, httpx2.AsyncClient(timeout=600) as client:
        watch = Watch(stack)
        watching = asyncio.create_task(watch.run())
        try:
            with watch.phase("load", "things put") as done:
                done(await loading.load(client, stack, regions, watch.say))
                await _quiet(client, stack, watch)
            with watch.phase("send", "records published and taken in") as done:
                sent = await sending.publish(stack.kafka_admin, regions, watch.say)
                await _taken_in(client, stack, sent, watch)
                done(sent)
            with watch.phase("settle", "facts published by all services") as done:
                done(await _quiet(client, stack, watch))
            with watch.phase("answers", "receipts read back") as done:
                answers = await sending.answers(stack.kafka_admin, regions)
                done(sum(sum(each.values()) for each in answers.values()))
            with watch.phase("accept", "contributions accepted") as done:
                done(await books.accept(client, stack, regions, watch.say))
            with watch.phase("report", "regions reported and verified") as done:
                found = await books.report(client, stack, regions, watch.say)
                done(len(found))
            with watch.phase("end", "facts published by all services") as done:
                done(await _quiet(client, stack, watch))
            with watch.phase("pages", "pages of the dashboard opened") as done:
                pages = await looking.look(stack, regions)
                done(len(pages) * looking.TIMES)
            await asyncio.to_thread(watch.look)
            amiss = [*wrong(regions, answers, found), *(page.wrong for page in pages if page.wrong)]
            return watch, found, amiss, await sizes(stack), pages
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def wrong(regions: Sequence[RegionMade], answers: Mapping[str, Counter[str]], found: Sequence[Books]) -> Iterator[str]:
    """A sentence for everything that does not hold."""
    for made in regions:
        due = {"booked": made.due.booked, "duplicate": made.due.duplicate, "refused": made.due.refused}
        told = {name: answers[made.code][name] for name in {*due, *answers[made.code]}}
        if told != due:
            yield f"{made.code}: the receipts say {told}, and it must be {due}."
    for each in found:
        yield from each.wrong()


async def _taken_in(client: httpx2.AsyncClient, stack: Stack, sent: int, watch: Watch) -> None:
    """Returns when funding has handled every record."""
    others = [name for name in stack.services if name != "funding"]
    while True:
        try:
            behind = await (await Operators.sign_in(stack)).lag(but=others)
        except grpc.aio.AioRpcError as error:
            _busy(error)
            continue
        left = sum(each.lag for each in behind if each.consumer == INTAKE)
        if not left:
            return
        watch.say(f"{sent - left} of {sent} records taken in")
        await asyncio.sleep(ASK_AGAIN_SECONDS)


def _busy(error: grpc.aio.AioRpcError) -> None:
    """A service too busy to count within its deadline is asked again; raises what is anything else."""
    if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
        raise error


async def _quiet(client: httpx2.AsyncClient, stack: Stack, watch: Watch) -> int:
    """Returns when nothing is on its way any more; how many facts were published so far."""
    for _ in range(QUIET_TIMES):
        try:
            quiet = await (await Operators.sign_in(stack)).caught_up(QUIET_SECONDS)
        except StillBehind as behind:
            watch.say(str(behind))
        except grpc.aio.AioRpcError as error:
            _busy(error)
        else:
            return quiet.published
    raise StillBehind("The services did not catch up within an hour.")


def show(
    watch: Watch,
    regions: Sequence[RegionMade],
    found: Sequence[Books],
    disk: Mapping[str, int],
    pages: Sequence[Looked],
) -> None:
    """The tables: time, memory, disk, pages."""
    console = Console(width=110)
    companies, records = sum(len(each.companies) for each in regions), sum(each.due.sent for each in regions)
    title = f"{len(regions)} regions, {companies} companies, {records} records"
    phases = Table("phase", "what", title=title, title_justify="left")
    for name in ("seconds", "a second"):
        phases.add_column(name, justify="right")
    for each in watch.phases:
        phases.add_row(each.name, f"{each.done:,} {each.what}", f"{each.seconds:,.1f}", f"{each.rate:,.0f}")
    console.print(phases)
    memory = Table("process", title="memory and processor", title_justify="left")
    for name in ("most memory, MiB", "processor, s", "on disk, MiB"):
        memory.add_column(name, justify="right")
    for name in watch.peaks:
        on_disk = f"{disk[name] / MIB:,.0f}" if name in disk else ""
        memory.add_row(name, f"{watch.peaks[name] / MIB:,.0f}", f"{watch.cpu.get(name, 0):,.1f}", on_disk)
    console.print(memory)
    opened = Table("page", title="pages of the dashboard, of the largest region", title_justify="left")
    for name in ("first view, ms", "median, ms", "bytes"):
        opened.add_column(name, justify="right")
    for page in pages:
        opened.add_row(page.page, f"{page.first_ms:,.0f}", f"{page.median_ms:,.0f}", f"{page.bytes:,}")
    console.print(opened)
    entries, batches = (sum(each.verdict[name] for each in found) for name in ("entries", "batches"))
    cents, minutes = sum(each.made.due.cents for each in found), sum(each.made.due.minutes for each in found)
    chains = sum(bool(each.verdict["ok"]) for each in found)
    console.print(
        f"EUR {cents / 100:,.2f} and {minutes // 60:,} hours realised; {entries:,} entries in {batches:,} signed"
        f" batches, {chains} of {len(found)} chains verified."
    )


def keep(
    watch: Watch,
    regions: Sequence[RegionMade],
    disk: Mapping[str, int],
    sentences: list[str],
    pages: Sequence[Looked],
) -> None:
    """The figures for a machine."""
    figures: dict[str, Any] = {
        "regions": len(regions),
        "companies": sum(len(each.companies) for each in regions),
        "records": sum(each.due.sent for each in regions),
        "phases": [dataclasses.asdict(each) for each in watch.phases],
        "memory_bytes": watch.peaks,
        "cpu_seconds": watch.cpu,
        "disk_bytes": dict(disk),
        "pages": [dataclasses.asdict(each) for each in pages],
        "wrong": sentences,
    }
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    """0 when every book of every region balances."""
    parser = argparse.ArgumentParser(prog="python -m bench.national", description=__doc__)
    parser.add_argument("--regions", type=int, default=78)
    parser.add_argument("--companies", type=int, help="over all regions; 10,000, or as many as fit the regions")
    parser.add_argument("--contributions", type=int, default=500_000, help="records over all regions")
    parser.add_argument("--seed", type=int, default=1, help="another country with the same sizes")
    parser.add_argument("--without", nargs="*", default=[], choices=["activities", "notifications"], metavar="SERVICE")
    options = parser.parse_args()
    companies = options.companies or max(options.regions, min(10_000, options.contributions // 50))
    services = [name for name in SERVICES if name not in options.without]
    regions = country(options.regions, companies, options.contributions, options.seed)
    try:
        watch, found, sentences, disk, pages = asyncio.run(play(regions, services))
    except KeyboardInterrupt:
        return 130
    except (CannotStart, Refused, StillBehind) as stopped:
        print(stopped, file=sys.stderr)
        return 1
    keep(watch, regions, disk, sentences, pages)
    show(watch, regions, found, disk, pages)
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    print("Everything balances." if not sentences else f"{len(sentences)} things do not hold.")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())

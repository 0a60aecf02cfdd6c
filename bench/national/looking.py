"""What a person at the dashboard waits for on a large set: each page of the largest region, and all regions."""

import html
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from urllib.parse import urljoin

import httpx2

from bench.national.world import RegionMade
from deploy.embedded.supervisor import Stack

PAGES = (
    "",
    "/programme",
    "/cofinancing",
    "/agreement",
    "/activities",
    "/planning",
    "/flow",
    "/alarms",
    "/dead-letters",
)
TIMES = 5
MOST_BYTES = 200_000
MOST_MILLISECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Looked:
    """A page: how long its first view took, the median of all, and how large it is."""

    page: str
    first_ms: float
    median_ms: float
    bytes: int

    @property
    def wrong(self) -> str:
        """A sentence when it is larger than it may be; how long it may take is a goal of a machine that does nothing
        else."""
        return f"{self.page}: {self.bytes:,} bytes, and at most {MOST_BYTES:,}." if self.bytes > MOST_BYTES else ""


async def look(stack: Stack, regions: Sequence[RegionMade]) -> list[Looked]:
    """Signs in as the operator and opens every page."""
    largest = max(regions, key=lambda each: each.records)
    address = stack.http["dashboard"]
    async with httpx2.AsyncClient(timeout=60, follow_redirects=True) as client:
        choose = await client.get(f"{address}/sign-in")
        hidden = dict(re.findall(r'name="([a-z_]+)" value="([^"]*)"', choose.text))
        form = {name: html.unescape(value) for name, value in hidden.items()} | {"subject": "operator"}
        (await client.post(urljoin(str(choose.url), "/authorize"), data=form)).raise_for_status()
        paths = ["/regions", *(f"/regions/{largest.code}{page}" for page in PAGES)]
        return [await _timed(client, address, path, path.removeprefix(f"/regions/{largest.code}")) for path in paths]


async def _timed(client: httpx2.AsyncClient, address: str, path: str, page: str) -> Looked:
    took = []
    for _ in range(TIMES):
        began = time.perf_counter()
        answer = await client.get(f"{address}{path}?on=2024-12-31")
        took.append((time.perf_counter() - began) * 1_000)
        answer.raise_for_status()
    return Looked(page or "/today", round(took[0], 1), round(median(took), 1), len(answer.content))

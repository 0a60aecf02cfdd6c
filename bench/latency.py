"""P3: how much longer the slowest commands take than the usual one, at 70% of the most that it can do."""

import asyncio
import json
import statistics
import subprocess
import sys
from typing import Any

import psutil

from bench.commands import SECONDS, Served, doors, has_wrk
from bench.measure import Row, Work, compare
from bench.places import PROJECT, Place

SHARE = 0.7


class Latencies:
    """Each turn of the open loop gives both: the 99th percentile to one side, the 50th to the other."""

    def __init__(self, served: Served, rate: float) -> None:
        self._served, self._rate = served, rate
        self._turns = 0
        self._left: dict[str, Work] = {}
        self.others = self.answered = 0

    async def p50(self) -> Work:
        return await self._half("p50")

    async def p99(self) -> Work:
        return await self._half("p99")

    async def _half(self, name: str) -> Work:
        if name not in self._left:
            self._left = await self._turn()
        return self._left.pop(name)

    async def _turn(self) -> dict[str, Work]:
        self._turns += 1
        served = psutil.Process(self._served.process.pid)
        before = served.cpu_times()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.open_loop", str(self._served.port), str(self._rate), str(SECONDS),
            self._served.token, f"open-{self._turns}", cwd=PROJECT, stdout=subprocess.PIPE,
        )  # fmt: skip
        out, _ = await process.communicate()
        told, after = json.loads(out), served.cpu_times()
        cpu = (after.user + after.system) - (before.user + before.system)
        self.answered += told["answered"]
        self.others += told["others"]
        return {name: Work(told["answered"], figure=told[name], cpu_seconds=cpu) for name in ("p50", "p99")}


async def p3(place: Place, only: set[str], say: Any) -> list[Row]:
    """First the most it can do, by wrk in the same minute; then an open loop at 70% of that."""
    if not has_wrk(say, "P3"):
        return []
    async with doors(place, "ours") as (served, _):
        ours = served["ours"]
        rates = []
        for _ in range(3):
            work = await ours.turn()
            rates.append(work.operations / (work.seconds or 1))
        rate = SHARE * statistics.median(rates)
        say(f"P3 at {rate:,.0f} commands/s, 70% of {rate / SHARE:,.0f}")
        latencies = Latencies(ours, rate)

        async def check() -> bool:
            return ours.refused == latencies.others == 0 and await ours.kept() >= ours.answered + latencies.answered

        return [
            await compare(
                "P3",
                f"p99 of an HTTP command at {rate:,.0f}/s, 70% of the most",
                "its p50",
                latencies.p99,
                latencies.p50,
                unit="ms",
                floor=5,
                goal=3,
                better="lower",
                check=check,
                say=say,
            )
        ]

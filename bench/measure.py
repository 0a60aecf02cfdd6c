"""How a row is measured: ours and the baseline take turns, each pair gives a ratio, and the outcome is checked.

Machines are shared and noisy, so a figure by itself says little; two figures of the same seconds can be compared. The
ratio is the median over the pairs, its spread the distance between the quartiles. CPU is that of this process and
its ended children, per operation: what the servers use is not in it.
"""

import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

PAIRS = 5

Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Work:
    """What one turn did: so many operations (or, for a figure that is no rate, that figure)."""

    operations: int
    figure: float | None = None
    seconds: float | None = None
    """Of the part that counts; without it the whole turn is timed."""
    cpu_seconds: float | None = None


Side = Callable[[], Awaitable[Work]]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. `ratio` is ours to the baseline; `floor` and `goal` are on that ratio."""

    id: str
    what: str
    baseline_name: str
    ours: float
    baseline: float
    unit: str
    ratio: float
    spread: float
    floor: float
    goal: float
    ours_cpu_us: float
    baseline_cpu_us: float
    outcome_checked: bool
    better: Better = "higher"
    note: str = ""

    @property
    def verdict(self) -> str:
        """The best bound it reached; `void` when the outcome was wrong."""
        if not self.outcome_checked:
            return "void"
        sign = 1 if self.better == "higher" else -1
        if sign * (self.ratio - self.goal) >= 0:
            return "goal"
        return "floor" if sign * (self.ratio - self.floor) >= 0 else "MISSED"


@dataclass(frozen=True, slots=True)
class _Turn:
    figure: float
    cpu_us: float


async def compare(
    row_id: str,
    what: str,
    baseline_name: str,
    ours: Side,
    baseline: Side,
    *,
    unit: str,
    floor: float,
    goal: float,
    check: Callable[[], Awaitable[bool]],
    pairs: int = PAIRS,
    better: Better = "higher",
    note: str = "",
    say: Callable[[str], None] = lambda _: None,
) -> Row:
    """Measures a row: one warm-up turn each, then `pairs` pairs, A-B and B-A in turn."""
    for side in (baseline, ours):
        await side()
    own: list[_Turn] = []
    theirs: list[_Turn] = []
    for number in range(pairs):
        order = ((ours, own), (baseline, theirs)) if number % 2 == 0 else ((baseline, theirs), (ours, own))
        for side, turns in order:
            turns.append(await _turn(side))
        say(f"{row_id} pair {number + 1} of {pairs}: {own[-1].figure:,.0f} against {theirs[-1].figure:,.0f} {unit}")
    ratios = [a.figure / b.figure for a, b in zip(own, theirs, strict=True)]
    quartiles = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else [ratios[0]] * 3
    return Row(
        id=row_id,
        what=what,
        baseline_name=baseline_name,
        ours=statistics.median(turn.figure for turn in own),
        baseline=statistics.median(turn.figure for turn in theirs),
        unit=unit,
        ratio=statistics.median(ratios),
        spread=quartiles[2] - quartiles[0],
        floor=floor,
        goal=goal,
        ours_cpu_us=statistics.median(turn.cpu_us for turn in own),
        baseline_cpu_us=statistics.median(turn.cpu_us for turn in theirs),
        outcome_checked=await check(),
        better=better,
        note=note,
    )


async def _turn(side: Side) -> _Turn:
    cpu, began = _cpu(), time.perf_counter()
    work = await side()
    seconds = work.seconds if work.seconds is not None else time.perf_counter() - began
    used = work.cpu_seconds if work.cpu_seconds is not None else _cpu() - cpu
    figure = work.figure if work.figure is not None else work.operations / seconds
    return _Turn(figure, used * 1e6 / max(1, work.operations))


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime

"""Makes the records of the region Amersfoort, and what they should come to. The same every time, on every machine.

    python -m examples.generate [--check]

For each region expected.json says what the report of a demo must say, reckoning.json what that is made of.

What goes wrong in a real region goes wrong here, in about the same measure: forms sent twice, hours of a lesson typed
in again, a company that never signed. The valid records are spread over companies, lines and years by a seeded dice.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cli.region import Region, read
from examples.reckoning import Reckoning, details, expected, lesson_place, reckon, stands

EXAMPLES = Path(__file__).resolve().parent
REGIONS = ("amersfoort", "gooi-klein")
FIRST, LAST = date(2020, 1, 6), date(2023, 10, 27)
VALID = 1_210
T = TypeVar("T")
Body = dict[str, Any]


class Dice:
    """Throws that depend on the seed only, not on the version of Python."""

    def __init__(self, seed: str) -> None:
        self._seed, self._thrown = seed, 0

    def below(self, limit: int) -> int:
        self._thrown += 1
        digest = hashlib.sha256(f"{self._seed}/{self._thrown}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % limit

    def one_of(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def heavy_one_of(self, weights: dict[T, int]) -> T:
        """One of these, the heavier the more often."""
        throw = self.below(sum(weights.values()))
        for option, weight in weights.items():
            if throw < weight:
                return option
            throw -= weight
        raise AssertionError("a throw is below the sum of the weights")


@dataclass(slots=True)
class Post:
    """What a sender publishes: lines with the day on which they are sent, and what each should come to."""

    region: Region
    dice: Dice
    lines: dict[str, list[tuple[date, int, bytes]]] = field(default_factory=dict)
    valid: list[tuple[str, date, Body]] = field(default_factory=list)
    meant: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    count: int = 0

    def send(self, sender: str, on: date, line: Body | bytes, outcome: str = "booked", code: str = "") -> None:
        value = (
            line if isinstance(line, bytes) else json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode()
        )
        self.count += 1
        self.lines.setdefault(sender, []).append((on, self.count, value))
        self.meant.setdefault(outcome, []).append((sender, code))

    def new_id(self, sender: str, day: date) -> str:
        """An id in the way of that sender's system."""
        self.count += 1
        match sender:
            case "eemtech-erp":
                return f"ET-{day:%Y}-{self.count:05d}"
            case "loonstrook-eemland":
                return f"LS{day:%Y%m}{self.count:06d}"
            case "technet-registratie":
                return hashlib.sha256(f"technet/{self.count}".encode()).hexdigest()[:16]
            case _:
                return f"{sender[:4]}{self.count}"

    def written(self) -> dict[str, bytes]:
        return {
            sender: b"".join(line + b"\n" for _, _, line in sorted(lines, key=lambda each: each[:2]))
            for sender, lines in self.lines.items()
        }


def make(region: Region) -> Post:
    """All records of the region: what is right first, then everything that goes wrong with it."""
    from examples import mishaps

    post = Post(region, Dice(f"speerpunt/{region.code}/2019"))
    offices = desks(region)
    for _ in range(VALID):
        sender, organisation = post.dice.heavy_one_of(offices)
        day = a_day(post, organisation)
        body = a_record(post, sender, organisation, day, post.dice.heavy_one_of(KINDS))
        on = sent_on(day)
        post.valid.append((sender, on, body))
        post.send(sender, on, body)
    mishaps.happen(post)
    return post


KINDS = {"hours": 1_000, "material": 104, "loan": 45, "cash": 12, "pupil-presence": 12}
WHAT = {
    "hours": (
        "Begeleiding in de werkplaats",
        "Voorbereiding praktijkopdracht",
        "Meelopen met de monteur",
        "Docentstage",
    ),
    "material": ("Plaatmateriaal", "Installatiemateriaal", "Kabel en schakelmateriaal", "Verbruiksmateriaal lassen"),
    "loan": ("Cobot in bruikleen", "Meetapparatuur in bruikleen", "Freesbank in bruikleen", "Warmtepomp in bruikleen"),
    "cash": ("Bijdrage techniekdag", "Bijdrage vervoer leerlingen"),
    "pupil-presence": ("Klas op bezoek in het bedrijf", "Praktijkdag in de werkplaats"),
}


def desks(region: Region) -> dict[tuple[str, str], int]:
    """Which sender declares for which company, and how often: parties more than others, some hardly at all."""
    weights: dict[tuple[str, str], int] = {}
    parties = {party.organisation for party in region.agreement.parties} if region.agreement else set()
    for sender in region.senders:
        for number, mandate in enumerate(sender.mandates):
            code = mandate.organisation
            ever = any(stands(region, code, day) for day in (FIRST, date(2021, 6, 1)))
            second = any(code == other for _, other in weights)
            if ever:
                weights[sender.code, code] = 2 if second else (34 if code in parties else 16) * (number % 4 + 2) // 4
    return weights


def a_day(post: Post, organisation: str, first: date = FIRST, last: date = LAST) -> date:
    """A working day, outside the summer, on which the company counts as a partner and gave no lesson."""
    lessons = {place[:2] for each in post.region.lessons if (place := lesson_place(post.region)(each))}
    while True:
        day = first + timedelta(days=post.dice.below((last - first).days + 1))
        summer = (7, 20) <= (day.month, day.day) <= (8, 25)
        corona = date(2020, 3, 16) <= day <= date(2020, 5, 29)
        closed = day.isoweekday() > 5 or summer or corona or (organisation, day) in lessons
        if not closed and stands(post.region, organisation, day):
            return day


def sent_on(day: date) -> date:
    """Senders publish a month at once, on the fifth of the next."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=5)


def a_record(post: Post, sender: str, organisation: str, day: date, kind: str) -> Body:
    """A record in which nothing is wrong."""
    dice, region = post.dice, post.region
    lines = [line.line for pledge in region.pledges if pledge.organisation == organisation for line in pledge.lines]
    line = dice.one_of(lines) if lines and dice.below(4) else dice.one_of(region.programme.lines)
    body: Body = {
        "id": post.new_id(sender, day),
        "consortium": region.code,
        "organisation": _reference(region, sender, organisation),
        "line": line,
        "day": day.isoformat(),
        "kind": kind,
    }
    match kind:
        case "hours":
            body["minutes"] = 15 * (8 + dice.below(22))
            body["workerRef"] = worker(organisation, dice.below(9))
        case "pupil-presence":
            body["pupils"] = 8 + dice.below(18)
            body["minutesEach"] = 30 * (3 + dice.below(8))
        case _:
            most, basis = {"material": (24, "invoice"), "loan": (40, "rental-value"), "cash": (60, "book-value")}[kind]
            body["amountCents"] = 12_500 * (2 + dice.below(most))
            body["basis"] = "invoice" if kind == "cash" else basis
            body["evidence"] = [evidence(body["id"])]
    if dice.below(3):
        body["description"] = dice.one_of(WHAT[kind])
    return body


def worker(organisation: str, number: int) -> str:
    """An opaque reference: who it is, only the sender knows."""
    return "w-" + hashlib.sha256(f"{organisation}/{number}".encode()).hexdigest()[:8]


def evidence(of: str) -> Body:
    return {"type": "invoice", "sha256": hashlib.sha256(of.encode()).hexdigest(), "keptAt": f"archief/{of}.pdf"}


def _reference(region: Region, sender: str, organisation: str) -> str:
    """Payroll providers know companies by their KvK number, their own systems by their code here."""
    if sender in ("eemtech-erp", "technet-registratie"):
        return organisation
    return f"kvk:{region.organisation(organisation).registry_numbers['kvk']}"


def as_meant(post: Post, made: Reckoning) -> None:
    """Holds what was reckoned against what was meant: a dice that makes an extra clash is found here."""
    for outcome in ("booked", "held", "duplicate", "refused"):
        meant = sorted(post.meant.get(outcome, []))
        found = sorted((each.sender, each.code) for each in made.outcomes if each.outcome == outcome)
        if outcome == "booked":
            meant, found = [(sender, "") for sender, _ in meant], [(sender, "") for sender, _ in found]
        if meant != found:
            odd = sorted(set(meant) ^ set(found)) or "other counts"
            raise SystemExit(f"{outcome}: meant {len(meant)}, reckoned {len(found)}: {odd}")


def files(folder: Path) -> dict[str, bytes]:
    """Every file that is made for a region, by its path in the folder."""
    from examples import afterwards

    region = read(folder)
    made: dict[str, bytes] = {}
    if folder.name == "amersfoort":
        post = make(region)
        made = {f"records/{sender}.jsonl": lines for sender, lines in post.written().items()}
        region = region.model_copy(update={"records": _as_records(made)})
        reckoned = reckon(region)
        as_meant(post, reckoned)
        region, later = afterwards.records(region, post, reckoned)
        made |= later
        reckoned.region = region
    else:
        reckoned = reckon(region)
    first = {"expected": expected(reckoned), "reckoning": details(reckoned)}
    first["expected"] |= afterwards.expected(reckoned)
    return made | {f"{name}.json": _shown(document) for name, document in first.items()}


def _shown(document: Body) -> bytes:
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _as_records(made: dict[str, bytes]) -> dict[str, tuple[bytes, ...]]:
    return {Path(name).stem: tuple(lines.removesuffix(b"\n").split(b"\n")) for name, lines in sorted(made.items())}


def main(words: Iterable[str] | None = None) -> int:
    """0 when everything is up to date (or was made), 1 with the names of stale files."""
    parser = argparse.ArgumentParser(description="Makes the records of the example regions.")
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 and name what is out of date")
    options = parser.parse_args(None if words is None else list(words))
    stale = []
    for name in REGIONS:
        folder = EXAMPLES / name
        if not folder.exists():
            continue
        for path, content in files(folder).items():
            target = folder / path
            if target.exists() and target.read_bytes() == content:
                continue
            stale.append(f"{name}/{path}")
            if not options.check:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
    print(f"examples: {len(stale)} files {'out of date' if options.check else 'written'}", *stale, sep="\n  ")
    return 1 if options.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())

"""The invented country: its regions, companies and records, the same for the same seed, and what must come of them.

Records are made one by one, so that a country takes no memory; what must come of them is reckoned on the way, from the
contract alone and without any code of the services.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

SCHEME, CENTS_PER_HOUR, BASIS_POINTS = "sto-2020-2024", 5_000, 750
FIRST, LAST = date(2020, 1, 1), date(2024, 12, 31)
WORKERS, DAYS = 20, (LAST - FIRST).days + 1
STRIDE = 8
"""Shares no factor with the number of days, so that a worker comes back to a day after all others only."""
LINES = {
    "instroom": "spearhead", "robotisering": "spearhead", "energietransitie": "spearhead",
    "school-noord": "location", "school-zuid": "location",
}  # fmt: skip
_BEGINNINGS = ("Aard", "Berk", "Dijk", "Eik", "Geest", "Hei", "Kolk", "Linde", "Maat", "Olm", "Riet", "Vlas", "Wilg")
_ENDINGS = ("berge", "gaarde", "hove", "kamp", "rade", "wierde")


@dataclass(slots=True)
class Due:
    """What must come of a region's records: counts by outcome, and what is realised in the end."""

    booked: int = 0
    duplicate: int = 0
    refused: int = 0
    cents: int = 0
    minutes: int = 0

    @property
    def sent(self) -> int:
        return self.booked + self.duplicate + self.refused


@dataclass(slots=True)
class RegionMade:
    """A region: its companies, how many records they send, and (once these were made) what must come of them."""

    number: int
    name: str
    companies: tuple[str, ...]
    records: int
    grant_cents: int
    seed: int
    due: Due = field(default_factory=Due)

    @property
    def code(self) -> str:
        return f"sto-{self.name.lower()}"

    @property
    def required_cents(self) -> int:
        """The threshold when the percentage is of subsidy and co-financing together: the reading that asks most."""
        return half_up(self.grant_cents * BASIS_POINTS, 10_000 - BASIS_POINTS)

    def published(self) -> Iterator[bytes]:
        """Every record as it is sent, in order. Fills `due`."""
        chance = random.Random(self.seed)
        self.due = due = Due()
        sent: dict[str, int] = dict.fromkeys(self.companies, 0)
        last: dict[str, Any] | None = None
        while due.sent < self.records:
            dice = chance.random()
            if last is not None and dice < 0.01:
                due.duplicate += 1
                yield _bytes(last)
                continue
            company = self.companies[int(len(self.companies) * chance.random() ** 2)]  # some send far more than others
            number = sent[company]
            sent[company] += 1
            record = self._record(company, number, chance, dice)
            yield _bytes(record)
            if record["line"] not in LINES:
                due.refused += 1
                continue
            self._book(record)
            last = record
            if 0.02 < dice < 0.025 and due.sent < self.records and record["kind"] == "hours":
                corrected = {"id": f"{record['id']}-2", "minutes": record["minutes"] // 2, "replaces": record["id"]}
                last = record | corrected
                self._book(last, instead_of=record)
                yield _bytes(last)

    def _record(self, company: str, number: int, chance: random.Random, dice: float) -> dict[str, Any]:
        """The next record of a company: no worker has two on one day, so that each is found right by rule."""
        turn, worker = divmod(number, WORKERS)
        day = FIRST + timedelta(days=turn * STRIDE % DAYS)
        lines = list(LINES)
        record: dict[str, Any] = {
            "id": f"{company}/{number}",
            "consortium": self.code,
            "organisation": company,
            "line": "robotisernig" if 0.01 <= dice < 0.02 else lines[chance.randrange(len(lines))],
            "day": day.isoformat(),
        }
        if dice > 0.97:
            proof = sha256(f"{self.code}/{record['id']}".encode()).hexdigest()
            return record | {
                "kind": "material", "amountCents": chance.randrange(5_000, 500_000), "basis": "invoice",
                "evidence": [{"type": "invoice", "sha256": proof, "keptAt": "archive"}],
            }  # fmt: skip
        who = f"w{worker + WORKERS * (turn // DAYS)}"
        return record | {"kind": "hours", "minutes": chance.randrange(30, 480, 5), "workerRef": who}

    def _book(self, record: dict[str, Any], instead_of: dict[str, Any] | None = None) -> None:
        self.due.booked += 1
        self.due.minutes += _minutes(record) - _minutes(instead_of)
        self.due.cents += _cents(record) - _cents(instead_of)


def country(regions: int, companies: int, contributions: int, seed: int) -> list[RegionMade]:
    """That many regions, of unequal size, with that many companies and records between them."""
    chance = random.Random(seed)
    names = [f"{begin}{end}" for begin in _BEGINNINGS for end in _ENDINGS]
    if not 1 <= regions <= len(names):
        raise SystemExit(f"There are names for 1 to {len(names)} regions; {regions} is not among them.")
    if companies < regions or contributions < regions:
        raise SystemExit("Every region needs a company and a record; ask for more of them, or for fewer regions.")
    chance.shuffle(names)
    weights = [0.5 + chance.random() for _ in range(regions)]
    firms, records = _shared(companies, weights), _shared(contributions, weights)
    return [
        RegionMade(
            number,
            names[number],
            tuple(f"bedrijf-{each:04}" for each in range(firms[number])),
            records[number],
            chance.randrange(50_000_000, 1_500_000_000, 1_000_000),
            seed * 1_000 + number,
        )
        for number in range(regions)
    ]


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _minutes(record: dict[str, Any] | None) -> int:
    return int(record.get("minutes", 0)) if record is not None else 0


def _cents(record: dict[str, Any] | None) -> int:
    """What a record is worth: its amount, or its time at the rate of the scheme."""
    if record is None:
        return 0
    return int(record.get("amountCents", half_up(_minutes(record) * CENTS_PER_HOUR, 60)))


def _shared(whole: int, weights: list[float]) -> list[int]:
    """The whole in parts by weight, each at least 1; what is left over goes to the first ones."""
    parts = [1 + int((whole - len(weights)) * weight / sum(weights)) for weight in weights]
    for each in range(whole - sum(parts)):
        parts[each % len(parts)] += 1
    return parts


def _bytes(record: dict[str, Any]) -> bytes:
    return json.dumps(record).encode()

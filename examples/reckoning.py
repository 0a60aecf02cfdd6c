"""What the records of a region should come to, reckoned from the files alone, without any code of the services.

It is the answer that the services are held against: slow, plain, and written from the contract. It takes the records of
one sender after the other, after the lessons were confirmed, and before anything was accepted; examples/afterwards.py
goes on from there.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from cli.region import Region
from cli.region.model import Lesson

CENTS_PER_HOUR, SUPERVISION_BASIS_POINTS, COFINANCING_BASIS_POINTS = 5_000, 2_500, 750
DAY_MINUTES, SHIFT_MINUTES = 16 * 60, 12 * 60
CONTRIBUTION = "nl.speerpunt.intake.contribution.v1"
KINDS = ("hours", "material", "loan", "cash", "pupil-presence")
NEEDS = {"hours": ("minutes", "workerRef"), "pupil-presence": ("pupils", "minutesEach")}
WORDS = (
    "id", "consortium", "organisation", "line", "day", "kind", "basis", "workerRef", "activityRef", "description",
    "replaces", "withdraws",
)  # fmt: skip
NUMBERS = ("minutes", "amountCents", "pupils", "minutesEach")


@dataclass(slots=True)
class Booking:
    """A record that counts, and what it is worth. `verified` is found right by rule; others wait for a person."""

    organisation: str
    line: str
    day: date
    kind: str
    worker: str
    minutes: int
    cents: int
    verified: bool
    evidence: tuple[str, ...]
    gone: str = ""
    accepted: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line: booked, held, duplicate or refused; `code` says why; `naive_cents` what was sent."""

    sender: str
    id: str
    outcome: str
    code: str
    naive_cents: int


@dataclass(slots=True)
class Reckoning:
    """All outcomes, and what is booked."""

    region: Region
    outcomes: list[Outcome] = field(default_factory=list)
    bookings: dict[tuple[str, str], Booking] = field(default_factory=dict)
    seen: dict[tuple[str, str], str] = field(default_factory=dict)
    worked: Counter[tuple[str, str, str, date]] = field(default_factory=Counter)
    claimed: dict[str, tuple[str, str]] = field(default_factory=dict)
    closed_until: date | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What is realised, what waits for a person, the minutes of every confirmed lesson, and the naive sum."""

    realised: list[Booking]
    waiting: list[Booking]
    lesson_minutes: list[int]
    naive_cents: int

    @property
    def lesson_cents(self) -> int:
        return sum(hours_cents(minutes) for minutes in self.lesson_minutes)

    @property
    def realised_cents(self) -> int:
        """Records and lessons together."""
        return sum(each.cents for each in self.realised) + self.lesson_cents

    @property
    def realised_minutes(self) -> int:
        return sum(each.minutes for each in self.realised) + sum(self.lesson_minutes)


def half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def hours_cents(minutes: int) -> int:
    return half_up(minutes * CENTS_PER_HOUR, 60)


def supervision(pupils: int, minutes_each: int) -> int:
    return half_up(pupils * minutes_each * SUPERVISION_BASIS_POINTS, 10_000)


def naive_cents(document: Any) -> int:
    """What a spreadsheet makes of a record: its amount, or its time at the advised rate, without asking anything."""
    if not isinstance(document, dict):
        return 0
    data = document.get("data", document)
    found = {name: data[name] for name in NUMBERS if isinstance(data.get(name), int)}
    minutes = found.get("minutes", found.get("pupils", 0) * found.get("minutesEach", 0))
    return int(found.get("amountCents", hours_cents(minutes)))


def reckon(region: Region) -> Reckoning:
    """What becomes of every line of every sender."""
    made = Reckoning(region)
    for sender, lines in region.records.items():
        for line in lines:
            document = readable(line)
            given, code, outcome = judge(made, sender, document)
            made.outcomes.append(Outcome(sender, given, outcome, code, naive_cents(document)))
    return made


def readable(line: bytes) -> Any:
    """The JSON of a line; None when it is none."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        return json.loads(line.decode("utf-8"), parse_constant=refuse)
    except ValueError:
        return None


def judge(made: Reckoning, sender: str, document: Any) -> tuple[str, str, str]:
    """Id, code and outcome of a record."""
    if not isinstance(document, dict):
        return "", "malformed", "refused"
    data = document
    if "specversion" in document:
        data = {**document["data"], "id": document["id"]}
        if document["type"] != CONTRIBUTION:
            return str(document["id"]), "malformed", "refused"
    given = str(data.get("id", ""))
    content = json.dumps(data, sort_keys=True)
    before = made.seen.setdefault((sender, given), content) if given else content
    if before is not content:
        return (given, "", "duplicate") if before == content else (given, "conflicting-content", "refused")
    code = form(data)
    if code:
        return given, code, "refused"
    return given, *place(made, sender, data)


def form(data: dict[str, Any]) -> str:
    """What is wrong with the record by itself; empty when nothing is."""
    if set(data) - {*WORDS, *NUMBERS, "evidence"}:
        return "unknown-field"
    text = [data[name] for name in WORDS if name in data]
    if any(not isinstance(word, str) or "\0" in word or not word.isprintable() for word in text):
        return "malformed"
    if any(name not in data for name in WORDS[:6]) or data["kind"] not in KINDS or not is_day(data["day"]):
        return "malformed"
    if len(data.get("description", "")) > 200:
        return "too-large"
    numbers = [data[name] for name in NUMBERS if name in data]
    if any(not isinstance(number, int) or isinstance(number, bool) for number in numbers):
        return "malformed"
    if any(number <= 0 for number in numbers):
        return "not-positive"
    needed = NEEDS.get(data["kind"], ("amountCents", "basis"))
    if "withdraws" not in data and any(name not in data for name in needed):
        return "malformed"
    return ""


def is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def place(made: Reckoning, sender: str, data: dict[str, Any]) -> tuple[str, str]:
    """Code and outcome of a well-formed record, by what its region is like on that day; books it when it may."""
    region = made.region
    organisation, day = organisation_of(region, data["organisation"]), date.fromisoformat(data["day"])
    earlier_id = data.get("replaces") or data.get("withdraws")
    earlier = made.bookings.get((sender, earlier_id)) if earlier_id else None
    if data["consortium"] != region.code:
        return "unknown-consortium", "refused"
    if organisation is None:
        return "unknown-organisation", "refused"
    if not mandated(region, sender, organisation, day):
        return "not-mandated", "refused"
    if earlier_id and (sender, earlier_id) not in made.seen:
        return "unknown-reference", "refused"
    if "withdraws" in data:
        if earlier is None or earlier.gone or earlier.organisation != organisation:
            return "unknown-reference", "refused"
        if _closed(made, earlier.day) or earlier.accepted:
            return "period-closed", "refused" if _closed(made, earlier.day) else "held"
        take_back(made, sender, earlier, "withdrawn")
        return "withdrawal", "booked"
    if not stands(region, organisation, day):
        return "no-standing", "refused"
    if data["line"] not in region.programme.lines:
        return "unknown-line", "refused"
    if not region.programme.first_day <= day <= region.programme.last_day:
        return "outside-period", "refused"
    if _closed(made, day) or (earlier is not None and _closed(made, earlier.day)):
        return "period-closed", "refused"
    new = booking(data, organisation, day)
    worked = made.worked[organisation, sender, new.worker, day] if new.worker else 0
    if earlier is not None and not earlier.gone and (earlier.worker, earlier.day) == (new.worker, day):
        worked -= earlier.minutes
    if new.kind == "hours" and new.minutes + worked > DAY_MINUTES:
        return "implausible-hours", "refused"
    lessons = [lesson for lesson in region.lessons if lesson.outcome == "confirmed"]
    timed = new.kind in ("hours", "pupil-presence")
    if timed and data.get("activityRef") in [lesson.code for lesson in lessons]:
        return "already-booked", "refused"
    if any(made.claimed.get(piece, (organisation, new.line)) != (organisation, new.line) for piece in new.evidence):
        return "already-claimed-elsewhere", "refused"
    if timed and "activityRef" not in data and (organisation, day, new.line) in map(lesson_place(region), lessons):
        return "already-booked", "held"
    if earlier is not None and not earlier.gone and earlier.accepted:
        return "period-closed", "held"
    if new.kind == "hours":
        new.verified = new.minutes + worked <= SHIFT_MINUTES
        made.worked[organisation, sender, new.worker, day] += new.minutes
    if earlier is not None and not earlier.gone:
        take_back(made, sender, earlier, "replaced")
    made.claimed.update(dict.fromkeys(new.evidence, (organisation, new.line)))
    made.bookings[sender, data["id"]] = new
    return ("correction" if earlier_id else ""), "booked"


def _closed(made: Reckoning, day: date) -> bool:
    return made.closed_until is not None and day <= made.closed_until


def booking(data: dict[str, Any], organisation: str, day: date) -> Booking:
    evidence = tuple(piece["sha256"] for piece in data.get("evidence", ()))
    minutes, cents, verified = 0, data.get("amountCents", 0), bool(evidence)
    if data["kind"] == "hours":
        minutes, verified = data["minutes"], True
    if data["kind"] == "pupil-presence":
        minutes, verified = supervision(data["pupils"], data["minutesEach"]), data["minutesEach"] <= SHIFT_MINUTES
    cents = cents or hours_cents(minutes)
    worker = data.get("workerRef", "") if data["kind"] == "hours" else ""
    return Booking(organisation, data["line"], day, data["kind"], worker, minutes, cents, verified, evidence)


def take_back(made: Reckoning, sender: str, earlier: Booking, why: str) -> None:
    earlier.gone = why
    if earlier.kind == "hours":
        made.worked[earlier.organisation, sender, earlier.worker, earlier.day] -= earlier.minutes
    for piece in earlier.evidence:
        made.claimed.pop(piece, None)


def organisation_of(region: Region, reference: str) -> str | None:
    """The code of an organisation, by that code or by its number in a register."""
    for each in region.organisations:
        if reference in (each.code, *(f"{name}:{number}" for name, number in each.registry_numbers.items())):
            return each.code
    return None


def mandated(region: Region, sender: str, organisation: str, day: date) -> bool:
    return any(
        mandate.organisation == organisation and mandate.first_day <= day <= (mandate.last_day or day)
        for each in region.senders
        if each.code == sender
        for mandate in each.mandates
    )


def stands(region: Region, organisation: str, day: date) -> bool:
    """As a party to the agreement that day, through an umbrella that is one, or by a pledge."""
    agreement = region.agreement
    parties: set[str] = set()
    if agreement is not None and agreement.first_day <= day <= agreement.last_day:
        parties = {party.organisation for party in agreement.parties if party.role == "party"}
    through = any(
        each.member == organisation and each.umbrella in parties and each.first_day <= day <= (each.last_day or day)
        for each in region.umbrella_mandates
    )
    pledged = any(
        each.organisation == organisation and each.first_day <= day <= each.last_day for each in region.pledges
    )
    grounds = {"party": organisation in parties, "umbrella": through, "pledge": pledged}
    return any(grounds[ground] for ground in region.consortium.standing_policy)


def lesson_place(region: Region) -> Any:
    """Whose a lesson is, on which day, for which line. A lesson of which the day is not planned yet has none."""

    def of(lesson: Lesson) -> tuple[str, date, str] | None:
        if lesson.offer is None or lesson.starts_at is None:
            return None
        day = lesson.starts_at.astimezone(ZoneInfo(region.consortium.zone)).date()
        return region.offer(lesson.offer).company, day, region.asked_by(lesson).line

    return of


def lesson_minutes(region: Region, lesson: Lesson) -> int:
    """What a confirmed lesson books: every worker's time, with the preparation of the offer that was taken."""
    asked, counted = region.asked_by(lesson), lesson.counted or lesson.attendance
    fitting = [
        each.code for each in region.offers if each.subject == asked.subject and each.max_group >= asked.group_size
    ]
    preparation = region.offer(lesson.offer or fitting[0]).preparation_minutes
    return counted.workers * (counted.minutes_each + preparation) if counted else 0


def totals(made: Reckoning) -> Totals:
    """Sums over what counts on the day of the report."""
    region = made.region
    counting = [each for each in made.bookings.values() if not each.gone and each.day <= region.report_on]
    lessons = [lesson_minutes(region, each) for each in region.lessons if each.outcome == "confirmed"]
    return Totals(
        realised=[each for each in counting if each.verified],
        waiting=[each for each in counting if not each.verified],
        lesson_minutes=lessons,
        naive_cents=sum(each.naive_cents for each in made.outcomes),
    )


def expected(made: Reckoning) -> dict[str, Any]:
    """What the report of a demo of this region must say, under the names that the report uses."""
    region, sums = made.region, totals(made)
    counts = Counter(each.outcome for each in made.outcomes)
    readings = required(region.grant_cents)
    return {
        "grant_cents": region.grant_cents,
        "contributions": {
            "published": len(made.outcomes),
            "accepted": counts["booked"],
            "held": counts["held"],
            "duplicates": counts["duplicate"],
            "refused": _by_code(made, "refused"),
        },
        "cofinancing": {
            "required_cents": max(readings.values()),
            "realised_cents": sums.realised_cents,
            "realised_minutes": sums.realised_minutes,
            "naive_cents": sums.naive_cents,
        },
        "activities": {"hours_booked_automatically_minutes": sum(sums.lesson_minutes)},
    }


def details(made: Reckoning) -> dict[str, Any]:
    """By cause, line and organisation: where the naive sum goes wrong, and what the realised sum is made of."""
    sums = totals(made)
    lines: Counter[str] = Counter()
    organisations: Counter[str] = Counter()
    for each in sums.realised:
        lines[each.line] += each.cents
        organisations[each.organisation] += each.cents
    return {
        "about": "Made by examples/generate.py: reckoned from these files, without any code of the services.",
        "recordsBySender": dict(sorted(Counter(each.sender for each in made.outcomes).items())),
        "heldBecause": _by_code(made, "held"),
        "corrections": sum(each.code == "correction" for each in made.outcomes),
        "withdrawals": sum(each.code == "withdrawal" for each in made.outcomes),
        "notVerified": {"records": len(sums.waiting), "cents": sum(each.cents for each in sums.waiting)},
        "lessons": {"confirmed": len(sums.lesson_minutes), "cents": sums.lesson_cents},
        "requiredCents": required(made.region.grant_cents),
        "naiveLessRealisedByCauseCents": causes(made),
        "realisedByLineCents": dict(sorted(lines.items())),
        "realisedByOrganisationCents": dict(sorted(organisations.items())),
    }


def causes(made: Reckoning) -> dict[str, int]:
    """Why the naive sum is more than what is realised; lessons, which nobody had to send, make it less."""
    found: Counter[str] = Counter({"lessons": -totals(made).lesson_cents})
    for each in made.outcomes:
        if each.outcome != "booked":
            found["duplicate" if each.outcome == "duplicate" else f"{each.outcome}: {each.code}"] += each.naive_cents
            continue
        booked = made.bookings.get((each.sender, each.id))
        if booked is None or booked.gone:
            found[booked.gone if booked else each.code] += each.naive_cents
        elif not booked.verified:
            found["not-verified"] += each.naive_cents
        else:
            found["valued-by-rule"] += each.naive_cents - booked.cents
    return {cause: cents for cause, cents in sorted(found.items()) if cents}


def required(grant_cents: int) -> dict[str, int]:
    """What partners must bring in, under both readings of what the percentage is of."""
    share = COFINANCING_BASIS_POINTS
    return {
        "ofSubsidy": half_up(grant_cents * share, 10_000),
        "ofTotal": half_up(grant_cents * share, 10_000 - share),
    }


def _by_code(made: Reckoning, outcome: str) -> dict[str, int]:
    return dict(sorted(Counter(each.code for each in made.outcomes if each.outcome == outcome).items()))

"""What becomes of a record: its form, then its place in a region, as the contract says."""

import json
from datetime import date
from typing import Any

from cli.region import Region
from examples.reckoning.books import Booking, Outcome, Reckoning, hours_cents, supervision
from examples.reckoning.region import lesson_place, mandated, organisation_of, stands

DAY_MINUTES, SHIFT_MINUTES = 16 * 60, 12 * 60
CONTRIBUTION = "nl.speerpunt.intake.contribution.v1"
KINDS = ("hours", "material", "loan", "cash", "pupil-presence")
NEEDS = {"hours": ("minutes", "workerRef"), "pupil-presence": ("pupils", "minutesEach")}
WORDS = (
    "id", "consortium", "organisation", "line", "day", "kind", "basis", "workerRef", "activityRef", "description",
    "replaces", "withdraws",
)  # fmt: skip
NUMBERS = ("minutes", "amountCents", "pupils", "minutesEach")


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

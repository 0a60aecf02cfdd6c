"""What happens after the first report: the records of a year, and what all of it should come to in the end.

Made and reckoned from the files alone, like everything of examples/reckoning, from which this goes on: what was
found right until the first report is accepted by now, the office lets through what waited for it, and then a period is
closed.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from cli.region import Region
from examples.generate import Body, Post, a_day, a_record, desks, sent_on, worker
from examples.reckoning import (
    COFINANCING_BASIS_POINTS,
    Booking,
    Outcome,
    Reckoning,
    booking,
    half_up,
    judge,
    naive_cents,
    readable,
    stands,
    take_back,
    totals,
)

FIRST, LAST = date(2023, 11, 6), date(2024, 12, 13)
VALID, TWICE, MISTYPED, MENDED, HELD_BACK, TAKEN_BACK, TOO_LATE = 150, 8, 4, 4, 6, 3, 6
KINDS = {"hours": 1_000, "material": 120, "loan": 40, "cash": 20}


def records(region: Region, first: Post, reckoned: Reckoning) -> tuple[Region, dict[str, bytes]]:
    """The region with its later records, and the files that these are."""
    if region.later is None:
        return region, {}
    post = Post(region, type(first.dice)(f"speerpunt/{region.code}/2024"), count=100_000)
    offices = {
        (sender, code): weight
        for (sender, code), weight in desks(region).items()
        if all(stands(region, code, day) for day in (date(2024, 2, 5), date(2024, 10, 7)))
    }
    for _ in range(VALID):
        sender, organisation = post.dice.heavy_one_of(offices)
        day = a_day(post, organisation, FIRST, LAST)
        body = a_record(post, sender, organisation, day, post.dice.heavy_one_of(KINDS))
        post.valid.append((sender, sent_on(day), body))
        post.send(sender, sent_on(day), body)
    for number in range(TWICE + MISTYPED + MENDED):
        sender, on, body = post.valid[7 * number]
        if number < TWICE:
            post.send(sender, on, body, "duplicate")
        elif number < TWICE + MISTYPED:
            mistyped = {**body, "id": f"{body['id']}-m", "line": body["line"][:-1]}
            post.send(sender, on, mistyped, "refused", "unknown-line")
        else:
            post.send(sender, LAST, {**body, "id": f"{body['id']}-c", **_less(body), "replaces": body["id"]})
    old = _accepted_hours(first, reckoned)
    for sender, body in old[:HELD_BACK]:
        mended = {**body, "id": f"{body['id']}-c", "minutes": body["minutes"] // 2, "replaces": body["id"]}
        post.send(sender, LAST, mended, "held", "period-closed")
    for sender, body in old[HELD_BACK : HELD_BACK + TAKEN_BACK]:
        post.send(sender, LAST, _back(body), "held", "period-closed")
    late = Post(region, post.dice, count=200_000)
    for number, (sender, body) in enumerate(old[-TOO_LATE:]):
        new = {**body, "id": f"{body['id']}-l", "workerRef": worker(body["organisation"], 40 + number)}
        record = (new, {**new, "replaces": body["id"]}, _back(body))[number % 3]
        late.send(sender, LAST, record, "refused", "period-closed")
    year, closed = post.written(), late.written()
    made = {f"later/year/{sender}.jsonl": lines for sender, lines in year.items()}
    made |= {f"later/closed/{sender}.jsonl": lines for sender, lines in closed.items()}
    parts = {
        name: {sender: tuple(lines.removesuffix(b"\n").split(b"\n")) for sender, lines in sorted(found.items())}
        for name, found in (("year", year), ("closed", closed))
    }
    return region.model_copy(update={"later": region.later.model_copy(update=parts)}), made


def _less(body: Body) -> Body:
    name = "minutes" if body["kind"] == "hours" else "amountCents"
    return {name: body[name] // 2}


def _back(body: Body) -> Body:
    plain = {name: body[name] for name in ("consortium", "organisation", "line", "day", "kind")}
    return {"id": f"{body['id']}-w", **plain, "withdraws": body["id"]}


def _accepted_hours(first: Post, reckoned: Reckoning) -> list[tuple[str, Body]]:
    """Hours of the first years that were found right by rule and are accepted by the time the year's records come."""
    found = []
    for sender, _, body in first.valid:
        booked = reckoned.bookings.get((sender, body["id"]))
        if body["kind"] == "hours" and booked is not None and booked.verified and not booked.gone:
            found.append((sender, body))
    return found[:: max(1, len(found) // 40)]


@dataclass(slots=True)
class Afterwards:
    """What became of the year's records and of those that came too late, and how many the office let through."""

    year: list[Outcome]
    late: list[Outcome]
    released: int


def reckon(made: Reckoning) -> Afterwards:
    """Goes on where the first report ended, in the same reckoning."""
    later = made.region.later
    assert later is not None
    _accept(made, lambda each: each.day <= made.region.report_on)
    waiting: list[tuple[str, Body]] = []
    year: list[Outcome] = []
    for sender, lines in later.year.items():
        for line in lines:
            document = readable(line)
            given, code, outcome = judge(made, sender, document)
            year.append(Outcome(sender, given, outcome, code, naive_cents(document)))
            if (outcome, code) == ("held", "period-closed"):
                waiting.append((sender, document))
    for sender, data in waiting:
        _release(made, sender, data)
    _accept(made, lambda each: each.day <= later.report_on)
    made.closed_until = later.close_until
    late = []
    for sender, lines in later.closed.items():
        for line in lines:
            given, code, outcome = judge(made, sender, readable(line))
            late.append(Outcome(sender, given, outcome, code, 0))
    return Afterwards(year, late, len(waiting))


def _accept(made: Reckoning, which: Callable[[Booking], bool]) -> None:
    for each in made.bookings.values():
        each.accepted = each.accepted or (each.verified and not each.gone and which(each))


def _release(made: Reckoning, sender: str, data: Body) -> None:
    """The office lets a correction or withdrawal of something accepted through."""
    earlier = made.bookings[sender, data.get("replaces") or data["withdraws"]]
    take_back(made, sender, earlier, "replaced" if "replaces" in data else "withdrawn")
    if "replaces" in data:
        new = booking(data, earlier.organisation, date.fromisoformat(data["day"]))
        new.verified = True
        made.bookings[sender, data["id"]] = new


def expected(first: Reckoning) -> dict[str, Any]:
    """What the report of a demo must say of the second act; nothing when the region has none. Changes the reckoning."""
    region, later = first.region, first.region.later
    if later is None:
        return {}
    found = reckon(first)
    first.region = region.model_copy(update={"report_on": later.report_on})
    sums = totals(first)
    first.region = region
    told: dict[str, Any] = {
        "contributions": _counts(found.year),
        "released": found.released,
        "realised_cents": sums.realised_cents,
        "realised_minutes": sums.realised_minutes,
    }
    if later.closed:
        told["closing"] = {"late": _counts(found.late)}
    if later.claims:
        told["money"] = {
            "refused_cents": sum(each.cents for each in later.claims if each.refused),
            "paid_cents": sum(each.cents for each in later.claims if each.paid),
        }
    if later.determination is not None and later.base is not None and region.grant is not None:
        told["determination"] = _determined(region, sums.realised_cents)
    return {"later": told}


def _counts(found: list[Outcome]) -> dict[str, Any]:
    counts = Counter(each.outcome for each in found)
    return {
        "published": len(found),
        "accepted": counts["booked"],
        "held": counts["held"],
        "duplicates": counts["duplicate"],
        "refused": dict(sorted(Counter(each.code for each in found if each.outcome == "refused").items())),
    }


def _determined(region: Region, counted_cents: int) -> dict[str, int]:
    """The percentage of the subsidy, or of subsidy and co-financing together; a shortfall costs cent for cent."""
    later, grant = region.later, region.grant
    assert later is not None
    assert grant is not None
    assert later.base is not None
    assert later.determination is not None
    whole = grant.cents + sum(each.cents for each in region.supplements_until(later.report_on))
    of_total = later.base.base == "of-total"
    required = half_up(whole * COFINANCING_BASIS_POINTS, 10_000 - COFINANCING_BASIS_POINTS * of_total)
    received = sum(each.cents for each in later.instalments)
    proved = min(later.determination.proved_cents, whole)
    shortfall = max(0, required - counted_cents)
    determined = proved - min(proved, shortfall)
    return {
        "grant_cents": whole,
        "received_cents": received,
        "counted_cents": counted_cents,
        "required_cents": required,
        "shortfall_cents": shortfall,
        "determined_cents": determined,
        "reclaimed_cents": max(0, received - determined),
        "payable_cents": max(0, determined - received),
    }

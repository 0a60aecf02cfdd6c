"""What it comes to: sums, by cause, line and organisation; and what a report must say."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from examples.reckoning.books import Booking, Reckoning, half_up, hours_cents
from examples.reckoning.region import lesson_minutes

COFINANCING_BASIS_POINTS = 750


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

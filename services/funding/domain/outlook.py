"""What a shortfall of co-financing costs, what each year brings, and what it means when an organisation leaves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.funding.domain.allocation import divide
from services.funding.domain.finder_wording import base_text, money
from services.funding.domain.position import Promise, Reading
from services.funding.domain.scheme import Base, Reclaim, half_up

# --- what a shortfall costs -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pace:
    """What came in of late, and what all of it comes to on the last day when it goes on like that.

    Of late is the year up to and including `as_of`, or less when the programme is younger. What was promised plays no
    part: it is the second opinion beside the forecast, which asks how far partners keep their word.
    """

    as_of: date
    since: date
    until: date
    delivered_cents: int
    before_cents: int

    @property
    def days(self) -> int:
        """The days over which it is measured; 0 before the programme began."""
        return max(0, (self.as_of - self.since).days + 1)

    @property
    def late_cents(self) -> int:
        """What came in over those days."""
        return max(0, self.delivered_cents - self.before_cents) if self.days else 0

    @property
    def forecast_cents(self) -> int:
        """What came in, and the same pace for the days that are left. Rounded down."""
        left = max(0, (self.until - max(self.as_of, self.since)).days)
        return self.delivered_cents + (self.late_cents * left // self.days if self.days else 0)


def since(first: date, as_of: date) -> date:
    """The first of the days over which the pace is measured."""
    return max(first, date.fromordinal(max(2, as_of.toordinal() - 364)))


@dataclass(frozen=True, slots=True)
class AtRisk:
    """What of the grant a shortfall takes off under one reading, in cents: as things are, by forecast, at this pace.

    None when the scheme has no rule that says what a shortfall takes off.
    """

    reading: Reading
    now_cents: int | None
    forecast_cents: int | None
    pace_shortfall_cents: int
    pace_cents: int | None

    def sentence(self, currency: str) -> Mapping[str, str]:
        """The same for a reader, in Dutch and in English."""
        short = money(self.reading.shortfall_cents, currency)
        expected = money(self.pace_shortfall_cents, currency)
        base = base_text(self.reading.base)
        if self.now_cents is None or self.pace_cents is None:
            return {
                "nl": f"Er ontbreekt {short[0]} cofinanciering {base[0]}. De regeling zegt niet wat dat kost; leg de"
                " regel vast, met bron.",
                "en": f"{short[1]} of co-financing {base[1]} is missing. The scheme does not say what that costs;"
                " record the rule, with its source.",
            }
        now, later = money(self.now_cents, currency), money(self.pace_cents, currency)
        return {
            "nl": f"Er ontbreekt {short[0]} cofinanciering {base[0]}; nu zou dat {now[0]} subsidie kosten. In het"
            f" huidige tempo blijft {expected[0]} tekort over, en is {later[0]} in gevaar.",
            "en": f"{short[1]} of co-financing {base[1]} is missing; now that would cost {now[1]} of the grant. At the"
            f" current pace {expected[1]} stays short, and {later[1]} is at risk.",
        }


def at_risk(
    grant_cents: int, readings: Iterable[Reading], reclaims: Sequence[Reclaim | None], pace_cents: int
) -> tuple[AtRisk, ...]:
    """What of the grants together is at risk under each reading, by the reclaim rules of their schemes.

    As if all of the subsidy is proved: what is not proved is reclaimed apart from this. Where schemes have different
    rules the hardest one is taken, for who asks wants to know the worst. `pace_cents` is what all comes to like this.
    """
    known = [each for each in reclaims if each is not None]

    def off(shortfall: int, required: int) -> int | None:
        if len(known) < len(reclaims):
            return None
        return min(grant_cents, max((_taken(each, grant_cents, shortfall, required) for each in known), default=0))

    found = []
    for each in readings:
        lacking = max(0, each.required_cents - pace_cents)
        found.append(
            AtRisk(
                each,
                off(each.shortfall_cents, each.required_cents),
                off(each.forecast_shortfall_cents, each.required_cents),
                lacking,
                off(lacking, each.required_cents),
            )
        )
    return tuple(found)


def _taken(reclaim: Reclaim, grant_cents: int, shortfall: int, required: int) -> int:
    match reclaim.shortfall:
        case "cent-for-cent":
            return shortfall
        case "proportional":
            return half_up(grant_cents * shortfall, required) if required else 0
        case "none":
            return 0


# --- year by year -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Brought:
    """What came in during one calendar year: accepted, and booked but not yet accepted."""

    realised_cents: int = 0
    realised_minutes: int = 0
    declared_cents: int = 0
    declared_minutes: int = 0


@dataclass(frozen=True, slots=True)
class Year:
    """One calendar year: planned in applications, promised in pledges, what came in, and its part of the threshold."""

    year: int
    planned_cents: int
    promised_cents: int
    promised_minutes: int
    brought: Brought
    required: Mapping[Base, int]

    def shortfall_cents(self, base: Base) -> int:
        """What of its part was not realised in it."""
        return max(0, self.required[base] - self.brought.realised_cents)


def years(
    planned: Mapping[int, int],
    promises: Iterable[Promise],
    brought: Mapping[int, Brought],
    needed: Mapping[Base, int],
    days: tuple[date, date] | None,
) -> tuple[Year, ...]:
    """Every calendar year in which something was planned, promised, brought in or asked, in order and without gaps.

    A promise is spread over its days along a straight line; the parts of a promise sum to it exactly. The scheme asks a
    programme, not its years: `needed` is shared out in proportion to what is planned for each, and without a plan to
    the days that the grants (`days`) have in it. The years together ask what the programme asks.
    """
    cents: dict[int, int] = {}
    minutes: dict[int, int] = {}
    for promise in promises:
        for year in range(promise.from_.year, promise.until.year + 1):
            cents[year] = cents.get(year, 0) + _in_year(promise, promise.cents, year)
            minutes[year] = minutes.get(year, 0) + _in_year(promise, promise.minutes, year)
    weights = {str(year): amount for year, amount in planned.items() if amount}
    if not weights and days is not None:
        first, last = days
        for year in range(first.year, last.year + 1):
            inside = min(last, date(year, 12, 31)) - max(first, date(year, 1, 1))
            weights[str(year)] = inside.days + 1
    parts = {base: divide(whole, weights) for base, whole in needed.items()} if weights else {}
    seen = {*planned, *cents, *brought, *(map(int, weights) if parts else ())}
    return tuple(
        Year(
            year,
            planned.get(year, 0),
            cents.get(year, 0),
            minutes.get(year, 0),
            brought.get(year, Brought()),
            {base: part.get(str(year), 0) for base, part in parts.items()},
        )
        for year in (range(min(seen), max(seen) + 1) if seen else ())
    )


def _in_year(promise: Promise, whole: int, year: int) -> int:
    """What of it falls in a year: due by its last day less due by the last day before it, so that nothing is lost."""
    days = (promise.until - promise.from_).days + 1

    def by(day: date) -> int:
        return whole * min(max((day - promise.from_).days + 1, 0), days) // days

    return by(date(year, 12, 31)) - by(date(year - 1, 12, 31))


# --- when an organisation leaves --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LineAtStake:
    """A line as it is forecast, in cents, and of that what one organisation is still expected to bring.

    `required` is the part of the threshold that the line is asked, under each reading.
    """

    line: str
    promised_cents: int
    promised_minutes: int
    delivered_cents: int
    forecast_cents: int
    to_come_cents: int
    required: Mapping[Base, int]

    @property
    def without_cents(self) -> int:
        """What the line comes to when nothing more comes from this organisation."""
        return self.forecast_cents - self.to_come_cents

    @property
    def asked_cents(self) -> int:
        """The most that any reading asks of it: whoever plans for that is right under each."""
        return max(self.required.values(), default=0)

    @property
    def short_cents(self) -> int:
        return max(0, self.asked_cents - self.without_cents)

    @property
    def spare_cents(self) -> int:
        return max(0, self.without_cents - self.asked_cents)


@dataclass(frozen=True, slots=True)
class Cover:
    """A line with something to spare makes up for one that is short."""

    from_line: str
    to_line: str
    cents: int


def cover(lines: Iterable[LineAtStake]) -> tuple[tuple[Cover, ...], int]:
    """How lines with something to spare can make up for those that are short, and what then still has to be found.

    The largest gap is filled first, out of the largest surplus; of equals the first by code.
    """
    each = sorted(lines, key=lambda line: line.line)
    spare = {line.line: line.spare_cents for line in each}
    moves: list[Cover] = []
    missing = 0
    for short in sorted(each, key=lambda line: -line.short_cents):
        gap = short.short_cents
        for giver in sorted(spare, key=lambda code: -spare[code]):
            if cents := min(gap, spare[giver]):
                moves.append(Cover(giver, short.line, cents))
                spare[giver] -= cents
                gap -= cents
        missing += gap
    return tuple(moves), missing


def leaving(name: str, lines: Sequence[LineAtStake], missing_cents: int, currency: str) -> Mapping[str, str]:
    """What it means that an organisation leaves, in a sentence in Dutch and in English."""
    promised, delivered, to_come = (
        money(sum(cents), currency)
        for cents in (
            [line.promised_cents for line in lines],
            [line.delivered_cents for line in lines],
            [line.to_come_cents for line in lines],
        )
    )
    gone = [line.line for line in lines if line.to_come_cents and line.short_cents]
    short, missing = ", ".join(gone), money(missing_cents, currency)
    nl = f"{name} beloofde {promised[0]} en bracht {delivered[0]}; zonder {name} komt {to_come[0]} niet meer."
    en = f"{name} pledged {promised[1]} and brought {delivered[1]}; without {name} {to_come[1]} will not come."
    if not gone:
        return {
            "nl": f"{nl} Geen speerpunt of locatie komt daardoor tekort.",
            "en": f"{en} No spearhead or location falls short for it.",
        }
    return {
        "nl": f"{nl} Tekort komen: {short}. Na schuiven binnen het programma moet nog {missing[0]} worden gevonden.",
        "en": f"{en} Falling short: {short}. After moving within the programme {missing[1]} has yet to be found.",
    }

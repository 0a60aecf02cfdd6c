"""How findings are said, in Dutch and in English: one function per sentence, which knows no rule."""

from collections.abc import Mapping, Sequence
from datetime import date

from services.funding.domain.scheme import Base, Participants, Period

Sentences = Mapping[str, str]

_KINDS = {
    "vmbo": ("vmbo-school", "vmbo school"),
    "mbo": ("mbo-instelling", "mbo institution"),
    "hogeschool": ("hogeschool", "university of applied sciences"),
    "university": ("universiteit", "university"),
    "primary-school": ("basisschool", "primary school"),
    "company": ("bedrijf", "company"),
    "branch-organisation": ("brancheorganisatie", "branch organisation"),
    "training-company": ("opleidingsbedrijf", "training company"),
    "municipality": ("gemeente", "municipality"),
    "government": ("overheid", "government"),
    "foundation": ("stichting", "foundation"),
}
_ROLES = {
    "lead-partner": ("als penvoerder", "as lead partner"),
    "founding-partner": ("als oprichter", "as founding partner"),
    "partner": ("als partner", "as partner"),
}
_TRAITS = {"technical": ("technisch", "technical")}
_BASES = {
    Base.OF_SUBSIDY: ("van de subsidie", "of the subsidy"),
    Base.OF_TOTAL: ("van de totale subsidiabele begroting", "of the total eligible budget"),
    Base.OF_COSTS: ("van de projectkosten", "of the project costs"),
}
_MONTHS = (
    ("januari", "January"),
    ("februari", "February"),
    ("maart", "March"),
    ("april", "April"),
    ("mei", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augustus", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
)


def _say(nl: str, en: str) -> Sentences:
    return {"nl": " ".join(nl.split()), "en": " ".join(en.split())}


def money(cents: int, currency: str) -> tuple[str, str]:
    """An amount as a Dutch and as an English reader writes it."""
    english = f"{abs(cents) // 100:,}.{abs(cents) % 100:02}"
    dutch = english.translate(str.maketrans(",.", ".,"))
    sign = "-" if cents < 0 else ""
    nl = f"€ {sign}{dutch}" if currency == "EUR" else f"{currency} {sign}{dutch}"
    return nl, f"{currency} {sign}{english}"


def percentage(basis_points: int) -> tuple[str, str]:
    """A share as a Dutch and as an English reader writes it: 750 is 7,5%."""
    whole, part = divmod(basis_points, 100)
    digits = f"{part:02}".rstrip("0")
    return (f"{whole},{digits}%", f"{whole}.{digits}%") if digits else (f"{whole}%", f"{whole}%")


def day_text(day: date) -> tuple[str, str]:
    """A day as a Dutch and as an English reader writes it."""
    nl, en = _MONTHS[day.month - 1]
    return f"{day.day} {nl} {day.year}", f"{day.day} {en} {day.year}"


def base_text(base: Base) -> tuple[str, str]:
    return _BASES[base]


def _any(codes: Sequence[str], names: Mapping[str, tuple[str, str]] = _KINDS) -> tuple[str, str]:
    said = [names.get(code, (code, code)) for code in codes]
    return _either([nl for nl, _ in said], "of"), _either([en for _, en in said], "or")


def _either(words: Sequence[str], joined: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joined} {words[-1]}"


def participants(asked: Participants, found: int) -> Sentences:
    kinds, trait, role = _any(asked.kinds), _TRAITS.get(asked.trait), _ROLES.get(asked.role)
    who = [
        " ".join(
            word for word in (trait[at] if trait else asked.trait, kinds[at], role[at] if role else asked.role) if word
        )
        for at in (0, 1)
    ]
    end = ("dat klopt", "so it is") if found >= asked.least else ("dat is te weinig", "that is too few")
    return _say(
        f"Nodig: {who[0]}, minstens {asked.least}; het plan heeft er {found}, {end[0]}.",
        f"Needed: {who[1]}, at least {asked.least}; the plan has {found}, {end[1]}.",
    )


def at_least(asked: int, least: int, currency: str) -> Sentences:
    (nl, en), (least_nl, least_en) = money(asked, currency), money(least, currency)
    end = ("dat is genoeg", "that is enough") if asked >= least else ("dat is te weinig", "that is too little")
    return _say(
        f"Gevraagd wordt {nl}, het minimum is {least_nl}: {end[0]}.",
        f"The plan asks {en}, the least is {least_en}: {end[1]}.",
    )


def at_most(asked: int, most: int, currency: str) -> Sentences:
    (nl, en), (most_nl, most_en) = money(asked, currency), money(most, currency)
    over_nl, over_en = money(max(0, asked - most), currency)
    end = ("dat past", "that fits") if asked <= most else (f"{over_nl} te veel", f"{over_en} too much")
    return _say(
        f"Gevraagd wordt {nl}, het maximum is {most_nl}: {end[0]}.",
        f"The plan asks {en}, the most is {most_en}: {end[1]}.",
    )


def at_most_a_year(year: int, asked: int, most: int, currency: str) -> Sentences:
    (nl, en), (most_nl, most_en) = money(asked, currency), money(most, currency)
    end = ("dat past", "that fits") if asked <= most else ("dat is te veel", "that is too much")
    return _say(
        f"In {year} wordt {nl} gevraagd, per jaar mag {most_nl}: {end[0]}.",
        f"In {year} the plan asks {en}, a year may have {most_en}: {end[1]}.",
    )


def period(first: date, last: date, asked: Period) -> Sentences:
    inside = (asked.first is None or asked.first <= first) and (asked.last is None or last <= asked.last)
    bounds = [day_text(day) if day else ("...", "...") for day in (asked.first, asked.last)]
    plan = [day_text(day) for day in (first, last)]
    end = ("dat past", "that fits") if inside else ("dat valt er niet binnen", "that falls outside")
    return _say(
        f"De regeling loopt van {bounds[0][0]} tot en met {bounds[1][0]}, het plan van {plan[0][0]} tot en met"
        f" {plan[1][0]}: {end[0]}.",
        f"The scheme runs from {bounds[0][1]} to {bounds[1][1]}, the plan from {plan[0][1]} to {plan[1][1]}: {end[1]}.",
    )


def at_least_months(months: int, least: int) -> Sentences:
    end = ("lang genoeg", "long enough") if months >= least else ("te kort", "too short")
    return _say(
        f"Het plan duurt {months} maanden, minstens {least} is gevraagd: {end[0]}.",
        f"The plan takes {months} months, at least {least} are asked: {end[1]}.",
    )


def at_most_months(months: int, most: int) -> Sentences:
    end = ("dat past", "that fits") if months <= most else ("te lang", "too long")
    return _say(
        f"Het plan duurt {months} maanden, hoogstens {most} mag: {end[0]}.",
        f"The plan takes {months} months, at most {most} are allowed: {end[1]}.",
    )


def activities(any_of: Sequence[str], met: bool) -> Sentences:
    nl, en = _any(any_of, {})
    end = ("staat in het plan", "is in the plan") if met else ("staat niet in het plan", "is not in the plan")
    return _say(f"De regeling is voor {nl}: dat {end[0]}.", f"The scheme is for {en}: that {end[1]}.")


def activities_outside(outside: Sequence[str], any_of: Sequence[str]) -> Sentences:
    nl, en = _any(any_of, {})
    return _say(
        f"De regeling is alleen voor {nl}; {', '.join(outside)} valt erbuiten. Laat dat weg uit dit plan.",
        f"The scheme is for {en} only; {', '.join(outside)} falls outside. Leave that out of this plan.",
    )


def window(first: date, last: date, on: date) -> Sentences:
    (first_nl, first_en), (last_nl, last_en) = day_text(first), day_text(last)
    if on < first:
        end = "dat is nog niet begonnen", "that has not begun"
    elif on <= last:
        end = "dat kan nu", "that is now"
    else:
        end = "dat is voorbij", "that is over"
    return _say(
        f"Aanvragen kan van {first_nl} tot en met {last_nl}: {end[0]}.",
        f"Applications are taken from {first_en} to {last_en}: {end[1]}.",
    )


def area(any_of: Sequence[str], met: bool) -> Sentences:
    nl, en = _any(any_of, {})
    end = ("daar speelt het plan", "the plan is there") if met else ("het plan niet", "the plan is not")
    return _say(f"De regeling is voor {nl}; {end[0]}.", f"The scheme is for {en}; {end[1]}.")


def cofinancing(
    basis_points: int, required: Mapping[Base, int], counted: int, left_out: int, currency: str
) -> Sentences:
    """The share that is asked, under every reading that is still possible."""
    share, offered, rest = percentage(basis_points), money(counted, currency), money(left_out, currency)
    parts: tuple[list[str], list[str]] = ([], [])
    for base, cents in required.items():
        amount, short = money(cents, currency), money(max(0, cents - counted), currency)
        met = counted >= cents
        parts[0].append(f"{amount[0]} {_BASES[base][0]} ({'gehaald' if met else f'{short[0]} te weinig'})")
        parts[1].append(f"{amount[1]} {_BASES[base][1]} ({'met' if met else f'{short[1]} short'})")
    undecided = len(required) > 1
    nl = f"Cofinanciering {share[0]}, dat is {' of '.join(parts[0])}; er telt {offered[0]} mee."
    en = f"Co-financing {share[1]}, which is {' or '.join(parts[1])}; {offered[1]} counts."
    if left_out:
        nl += f" {rest[0]} telt niet mee: de soort is niet subsidiabel, of er is een plafond."
        en += f" {rest[1]} does not count: its kind is not eligible, or there is a cap."
    if undecided:
        nl += " Over de grondslag moet de regio nog beslissen."
        en += " The region has yet to decide on the base."
    return _say(nl, en)

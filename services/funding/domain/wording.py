"""How a record is named in a sentence to its sender: what, when and for which line, in Dutch and in English."""

from datetime import date

from services.funding.domain.intake import Record

_MONTHS_NL = (
    *("januari", "februari", "maart", "april", "mei", "juni"),
    *("juli", "augustus", "september", "oktober", "november", "december"),
)
_MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_LONGEST_ECHO = 40


def about(record: Record) -> tuple[str, str]:
    """What a sentence about this record begins with: "14 u op 2 mei 2020 voor 'robotica'"."""
    line = record.line if len(record.line) <= _LONGEST_ECHO else record.line[:_LONGEST_ECHO] + "…"
    nl, en = amount(record)
    return (
        f"{nl} op {day_nl(record.day)} voor '{line}'",
        f"{en} on {day_en(record.day)} for '{line}'",
    )


def amount(record: Record) -> tuple[str, str]:
    """What was sent: hours and minutes of work, pupils and their time, or an amount."""
    if record.minutes is not None:
        return minutes_nl(record.minutes), minutes_en(record.minutes)
    if record.pupils is not None and record.minutes_each is not None:
        nl, en = minutes_nl(record.minutes_each), minutes_en(record.minutes_each)
        return f"{record.pupils} leerlingen x {nl}", f"{record.pupils} pupils x {en}"
    if record.amount_cents is not None:
        euros, cents = divmod(record.amount_cents, 100)
        english = f"{euros:,}.{cents:02d}"
        dutch = f"{euros:,}".replace(",", ".") + f",{cents:02d}"
        return f"€ {dutch}", f"€ {english}"
    return _KINDS[record.kind]


_KINDS = {
    "hours": ("uren", "hours"),
    "material": ("materiaal", "material"),
    "loan": ("bruikleen", "a loan"),
    "cash": ("een bedrag", "an amount"),
    "pupil-presence": ("aanwezigheid van leerlingen", "presence of pupils"),
}


def minutes_nl(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} u {rest:02d}" if rest else f"{hours} u"


def minutes_en(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


def day_nl(day: date) -> str:
    return f"{day.day} {_MONTHS_NL[day.month - 1]} {day.year}"


def day_en(day: date) -> str:
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"

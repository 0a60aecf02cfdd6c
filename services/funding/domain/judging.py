"""Whether a record may be booked, by what is known of its region on that day: refused, held, or fit to book."""

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches

from services.funding.domain.intake import Reason, Record

DAY_MINUTES = 16 * 60


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one record, frozen. `today` is in the consortium's zone; `worked_minutes` are those that
    other records booked for the same worker and day."""

    today: date
    from_: date
    until: date
    closed_until: date | None
    lines: frozenset[str]
    mandated: bool
    standing: bool
    worked_minutes: int = 0
    booked_activities: frozenset[str] = frozenset()
    lesson_on_day_and_line: bool = False
    claimed_evidence: frozenset[str] = frozenset()
    sent_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Bookable:
    """Nothing stands in the way; domain/valuation says what it is worth."""


@dataclass(frozen=True, slots=True)
class Held:
    """A person looks at it."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """Every reason at once."""

    reasons: tuple[Reason, ...]


def judge(record: Record, known: Known) -> Bookable | Held | Refused:
    """The verdict on a record whose region and organisation were found."""
    found: list[Reason] = []

    def refuse(code: str, field: str, nl: str, en: str, suggestion: str | None = None) -> None:
        again = f"replaces {record.id}"
        found.append(Reason(code, field, f"{nl} ({again})", f"{en} ({again})", suggestion))

    if not known.mandated:
        refuse("not-mandated", "organisation", "U mag niet voor deze organisatie aangeven. Vraag eerst een mandaat.",
               "You may not declare for this organisation. Ask the region for a mandate.")  # fmt: skip
    elif not known.standing:
        refuse("no-standing", "organisation", "Deze organisatie deed op die dag niet mee. Laat haar eerst tekenen.",
               "This organisation did not take part on that day. Have it sign first.")  # fmt: skip
    if record.line not in known.lines:
        near = get_close_matches(record.line, sorted(known.lines), n=1)
        near_nl, near_en = (f" Bedoelt u '{near[0]}'?", f" Did you mean '{near[0]}'?") if near else ("", "")
        refuse("unknown-line", "line", f"Dat speerpunt of die locatie bestaat niet.{near_nl} Stuur opnieuw.",
               f"There is no such spearhead or location.{near_en} Send again.", near[0] if near else None)  # fmt: skip
    if not known.from_ <= record.day <= min(known.until, known.today):
        refuse("outside-period", "day", f"{record.day} valt buiten de periode of is nog niet geweest. Herstel de dag.",
               f"{record.day} is outside the period or still to come. Mend the day.")  # fmt: skip
    elif known.closed_until is not None and record.day <= known.closed_until:
        refuse("period-closed", "day", f"De periode tot en met {known.closed_until} is gesloten. Bel de regio.",
               f"The period until {known.closed_until} is closed. Call the programme office.")  # fmt: skip
    if record.kind == "hours" and (record.minutes or 0) + known.worked_minutes > DAY_MINUTES:
        refuse("implausible-hours", "minutes", "Meer dan 16 uur voor een persoon op een dag. Herstel de minuten.",
               "More than 16 hours for one person on one day. Mend the minutes.")  # fmt: skip
    if record.activity_ref is not None and record.activity_ref in known.booked_activities:
        refuse("already-booked", "activityRef", "Deze les is al geboekt; u hoeft niets te doen.",
               "This lesson is booked already; there is nothing to mend.")  # fmt: skip
    if any(piece.sha256 in known.claimed_evidence for piece in record.evidence):
        refuse("already-claimed-elsewhere", "evidence", "Dit bewijs is al elders gebruikt. Stuur ander bewijs.",
               "This evidence was claimed elsewhere already. Send other evidence.")  # fmt: skip
    for field, earlier in (("replaces", record.replaces), ("withdraws", record.withdraws)):
        if earlier is not None and earlier not in known.sent_ids:
            refuse("unknown-reference", field, "Die eerdere id hebt u nooit gestuurd. Herstel de verwijzing.",
                   "You never sent that earlier id. Mend the reference.")  # fmt: skip
    if found:
        return Refused(tuple(found))
    if record.activity_ref is None and known.lesson_on_day_and_line:
        nl = "Op die dag is al een les voor dit speerpunt geboekt; iemand kijkt of dit dezelfde uren zijn."
        en = "A lesson is booked on that day and line already; a person looks whether these are the same hours."
        return Held(Reason("already-booked", "activityRef", nl, en))
    return Bookable()

"""Whether a record may be booked, by what is known of its region on that day: refused, held, or fit to book."""

from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from uuid import UUID

from services.funding.domain import wording
from services.funding.domain.bounds import Bounds
from services.funding.domain.intake import Reason, Record
from services.funding.domain.receiving import Receiver, right_by_rule


@dataclass(frozen=True, slots=True)
class KnownLine:
    """A spearhead or location, with the period of its programme."""

    code: str
    from_: date
    until: date


@dataclass(frozen=True, slots=True)
class Earlier:
    """What became of an earlier record of the same sender.

    `state` is refused, held, replaced or withdrawn, or that of its contribution: declared, verified, accepted,
    reversed, rejected. `settled_by` is the id of the record that replaced it.
    """

    id: str
    state: str
    organisation_id: UUID | None = None
    contribution_id: UUID | None = None
    day: date | None = None
    settled_by: str | None = None

    @property
    def booked(self) -> bool:
        """Whether it is in the books, and so has to be reversed."""
        return self.state in ("declared", "verified", "accepted")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known about one record, frozen. `today` is in the consortium's zone.

    All of it is without what the record replaces: `worked_minutes` are those that other records booked for the same
    worker and day. `earlier` is the record that it refers to, None when its sender never sent that.
    """

    today: date
    lines: tuple[KnownLine, ...]
    closed_until: date | None
    organisation_id: UUID
    mandated: bool
    standing: bool
    worked_minutes: int = 0
    activity_booked: bool = False
    lesson_on_day_and_line: bool = False
    evidence_claimed: bool = False
    worker_claimed: bool = False
    declared_by_another: bool = False
    declared_through_umbrella: bool = False
    earlier: Earlier | None = None
    bounds: Bounds = field(default_factory=Bounds)
    receiver: Receiver = field(default_factory=Receiver)


@dataclass(frozen=True, slots=True)
class Bookable:
    """Nothing stands in the way; domain/valuation says what it is worth. `verified`: plausible enough for the rule.

    `asks_school`: its school has the word; `school_id` is None as long as its activity was not confirmed.
    """

    verified: bool = True
    asks_school: bool = False
    school_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An earlier record is taken back."""

    earlier: Earlier


@dataclass(frozen=True, slots=True)
class Held:
    """A person looks at it."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Refused:
    """Every reason at once."""

    reasons: tuple[Reason, ...]


Verdict = Bookable | Withdrawn | Held | Refused


def judge(record: Record, known: Known) -> Verdict:
    """The verdict on a record whose region and organisation were found."""
    found = _Reasons(record)
    if record.withdraws is not None:
        return _withdrawal(record, known, found)
    if not known.mandated:
        found.not_mandated()
    elif not known.standing:
        found.add(
            "no-standing",
            "organisation",
            "deze organisatie deed op die dag niet mee. Laat haar eerst tekenen; stuur dan opnieuw",
            "this organisation did not take part on that day. Have it sign first; then send again",
        )
    _place(record, known, found)
    _plausible(record, known, found)
    if record.counts_hours and record.activity_ref is not None and known.activity_booked:
        found.add(
            "already-booked",
            "activityRef",
            "de uren van deze les zijn al geboekt toen de school haar bevestigde. U hoeft niets te doen",
            "the hours of this lesson were booked when the school confirmed it. There is nothing to do",
            again=False,
        )
    if known.evidence_claimed:
        found.add(
            "already-claimed-elsewhere",
            "evidence",
            "dit bewijs is al elders opgevoerd. Stuur opnieuw met het bewijs dat hierbij hoort",
            "this evidence was claimed elsewhere already. Send again with the evidence that belongs to this",
        )
    verified = right_by_rule(record, known.bounds, known.worked_minutes, known.receiver)
    asks_school = known.bounds.school and not verified
    _receiver(record, known, asks_school, found)
    held = _reference(record, known, found) if record.replaces is not None else None
    if found.all:
        return Refused(tuple(found.all))
    if held is not None:
        return Held(held)
    if (doubt := _twice(record, known)) is not None:
        return Held(doubt)
    return Bookable(verified, asks_school, known.receiver.school_id if asks_school else None)


def _twice(record: Record, known: Known) -> Reason | None:
    """Why a person must look whether these hours are in the books already; None when they are not like any."""
    nl, en = wording.about(record)
    if record.counts_hours and record.activity_ref is None and known.lesson_on_day_and_line:
        return Reason(
            "already-booked",
            "activityRef",
            f"{nl}: op die dag is daar al een les van u geboekt. Iemand kijkt of dit dezelfde uren zijn; stuur een "
            "volgende keer activityRef mee.",
            f"{en}: a lesson of yours is booked there on that day. A person looks whether these are the same "
            "hours; send activityRef the next time.",
        )
    if known.declared_by_another:
        return Reason(
            "already-booked",
            "line",
            f"{nl}: een ander systeem gaf voor deze organisatie al uren op, op die dag en voor dat onderdeel. Iemand "
            "kijkt of dit dezelfde uren zijn; u hoeft niets te doen.",
            f"{en}: another system declared hours of this organisation on that day and line already. A person looks "
            "whether these are the same hours; there is nothing to do for you.",
        )
    if known.declared_through_umbrella:
        return Reason(
            "already-booked",
            "organisation",
            f"{nl}: via de koepel zijn op die dag al evenveel uren voor dat onderdeel opgegeven. Iemand kijkt of dit "
            "dezelfde uren zijn; u hoeft niets te doen.",
            f"{en}: as many hours were declared on that day and line through the umbrella already. A person looks "
            "whether these are the same hours; there is nothing to do for you.",
        )
    if known.worker_claimed:
        return Reason(
            "already-claimed-elsewhere",
            "workerRef",
            f"{nl}: dezelfde tijd van deze persoon is die dag al elders opgevoerd. Iemand kijkt of dit andere uren "
            "zijn; u hoeft niets te doen.",
            f"{en}: the same time of this person was claimed elsewhere on that day already. A person looks whether "
            "these are other hours; there is nothing to do for you.",
        )
    return None


def _withdrawal(record: Record, known: Known, found: "_Reasons") -> Verdict:
    """Taking back needs a mandate and an earlier record, not that the earlier one would be booked today."""
    if not known.mandated:
        found.not_mandated()
    held = _reference(record, known, found)
    if found.all or known.earlier is None:
        return Refused(tuple(found.all))
    return Withdrawn(known.earlier) if held is None else Held(held)


def _reference(record: Record, known: Known, found: "_Reasons") -> Reason | None:
    """Refuses a reference that leads nowhere; a reason to hold it when only a person may follow it."""
    field = "replaces" if record.replaces is not None else "withdraws"
    id_, earlier = record.refers_to, known.earlier

    def astray(nl: str, en: str) -> None:
        found.add("unknown-reference", field, nl, en, again=False)

    if earlier is None:
        astray(
            f"u stuurde nooit iets met id {id_}. Herstel {field} en stuur opnieuw",
            f"you never sent anything with id {id_}. Mend {field} and send again",
        )
    elif earlier.organisation_id is not None and earlier.organisation_id != known.organisation_id:
        astray(
            f"{id_} is van een andere organisatie. Herstel {field} en stuur opnieuw",
            f"{id_} is of another organisation. Mend {field} and send again",
        )
    elif earlier.state == "replaced" or (earlier.state == "reversed" and earlier.settled_by):
        astray(
            f"{id_} is al vervangen door {earlier.settled_by}. Stuur opnieuw met {field} {earlier.settled_by}",
            f"{id_} was replaced by {earlier.settled_by} already. Send again with {field} {earlier.settled_by}",
        )
    elif earlier.state in ("withdrawn", "reversed"):
        nl, en = "Stuur opnieuw zonder replaces", "Send again without replaces"
        done_nl, done_en = (nl, en) if field == "replaces" else ("U hoeft niets te doen", "There is nothing to do")
        astray(f"{id_} is al teruggenomen. {done_nl}", f"{id_} was taken back already. {done_en}")
    elif earlier.state in ("refused", "rejected") and field == "withdraws":
        astray(
            f"{id_} is niet geboekt, dus er is niets terug te nemen. U hoeft niets te doen",
            f"{id_} was not booked, so there is nothing to take back. There is nothing to do",
        )
    elif earlier.booked and known.closed_until is not None and earlier.day and earlier.day <= known.closed_until:
        until_nl, until_en = wording.day_nl(known.closed_until), wording.day_en(known.closed_until)
        found.add(
            "period-closed",
            field,
            f"{id_} valt in de periode tot en met {until_nl}, en die is gesloten. Bel het programmabureau",
            f"{id_} is in the period until {until_en}, and that is closed. Call the programme office",
            again=False,
        )
    elif earlier.state == "accepted":
        nl, en = wording.about(record)
        return Reason(
            "period-closed",
            field,
            f"{nl}: {id_} is al geaccepteerd. Het programmabureau kijkt of dit nog kan; u hoeft niets te doen.",
            f"{en}: {id_} was accepted already. The programme office looks whether this can be done; there is nothing "
            "to do for you.",
        )
    return None


def _place(record: Record, known: Known, found: "_Reasons") -> None:
    """A line that exists, on a day on which it is open."""
    periods = [line for line in known.lines if line.code == record.line]
    if not periods:
        codes = sorted({line.code for line in known.lines})
        near = get_close_matches(record.line, codes, n=1, cutoff=0.5)
        near_nl, near_en = (f" Bedoelt u '{near[0]}'?", f" Did you mean '{near[0]}'?") if near else ("", "")
        found.add(
            "unknown-line",
            "line",
            f"dat speerpunt of die locatie bestaat niet.{near_nl} Stuur opnieuw",
            f"there is no such spearhead or location.{near_en} Send again",
            suggestion=near[0] if near else None,
        )
    periods = periods or list(known.lines)
    if record.day > known.today:
        found.add(
            "outside-period",
            "day",
            "die dag moet nog komen. Herstel de dag en stuur opnieuw",
            "that day is still to come. Mend the day and send again",
        )
    elif periods and not any(line.from_ <= record.day <= line.until for line in periods):
        from_, until = min(line.from_ for line in periods), max(line.until for line in periods)
        found.add(
            "outside-period",
            "day",
            f"het programma loopt van {wording.day_nl(from_)} tot en met {wording.day_nl(until)}. Herstel de dag en "
            "stuur opnieuw",
            f"the programme runs from {wording.day_en(from_)} until {wording.day_en(until)}. Mend the day and send "
            "again",
        )
    elif known.closed_until is not None and record.day <= known.closed_until:
        found.add(
            "period-closed",
            "day",
            f"de periode tot en met {wording.day_nl(known.closed_until)} is gesloten. Bel het programmabureau",
            f"the period until {wording.day_en(known.closed_until)} is closed. Call the programme office",
            again=False,
        )


def _plausible(record: Record, known: Known, found: "_Reasons") -> None:
    """Nobody works more hours a day, and no class has more pupils, than the region's rules hold possible."""
    most, pupils = known.bounds.day_minutes, known.bounds.pupils
    if record.kind == "hours" and most is not None and (record.minutes or 0) + known.worked_minutes > most:
        others = known.worked_minutes
        with_nl = f", met de {wording.minutes_nl(others)} die er al zijn," if others else ""
        with_en = f", with the {wording.minutes_en(others)} that are there already," if others else ""
        found.add(
            "implausible-hours",
            "minutes",
            f"dat is{with_nl} meer dan {wording.minutes_nl(most)} voor één persoon op één dag. Herstel de minuten en "
            "stuur opnieuw",
            f"that is{with_en} more than {wording.minutes_en(most)} for one person on one day. Mend the minutes and "
            "send again",
        )
    if record.kind == "pupil-presence" and pupils is not None and (record.pupils or 0) > pupils:
        found.add(
            "implausible-hours",
            "pupils",
            f"dat zijn meer dan {pupils} leerlingen tegelijk. Herstel het aantal en stuur opnieuw",
            f"those are more than {pupils} pupils at once. Mend the number and send again",
        )
    if record.kind == "pupil-presence" and most is not None and (record.minutes_each or 0) > most:
        found.add(
            "implausible-hours",
            "minutesEach",
            f"dat is meer dan {wording.minutes_nl(most)} op één dag. Herstel de minuten en stuur opnieuw",
            f"that is more than {wording.minutes_en(most)} on one day. Mend the minutes and send again",
        )


def _receiver(record: Record, known: Known, asks_school: bool, found: "_Reasons") -> None:
    """A school that is named exists; where its word is asked, it is known and not the one that declares."""
    if record.school is not None and not known.receiver.named:
        found.add(
            "unknown-school",
            "school",
            "die school is in deze regio niet bekend. Controleer het nummer en stuur opnieuw",
            "this region knows no such school. Check the number and send again",
        )
    elif asks_school and known.receiver.school_id is None and record.activity_ref is None:
        found.add(
            "missing-school",
            "school",
            "de school die dit ontving moet dit bevestigen. Noem haar (school) of de les (activityRef) en stuur "
            "opnieuw",
            "the school that received this has to confirm it. Name it (school) or the lesson (activityRef) and send "
            "again",
        )
    elif asks_school and known.receiver.school_id == known.organisation_id:
        found.add(
            "own-school",
            "school",
            "een school bevestigt niet wat zij zelf inbrengt. Noem de school die dit ontving en stuur opnieuw",
            "a school does not confirm what it brings in itself. Name the school that received this and send again",
        )


class _Reasons:
    """The reasons found so far, each a sentence that begins with what was sent and ends with how to mend it."""

    def __init__(self, record: Record) -> None:
        self.all: list[Reason] = []
        self._record = record

    def add(
        self, code: str, field: str, nl: str, en: str, *, suggestion: str | None = None, again: bool = True
    ) -> None:
        about_nl, about_en = wording.about(self._record)
        tail_nl, tail_en = (f" met replaces {self._record.id}.", f" with replaces {self._record.id}.")
        if not again or self._record.withdraws is not None:
            tail_nl, tail_en = ".", "."
        self.all.append(Reason(code, field, f"{about_nl}: {nl}{tail_nl}", f"{about_en}: {en}{tail_en}", suggestion))

    def not_mandated(self) -> None:
        self.add(
            "not-mandated",
            "organisation",
            "u mag voor deze organisatie op die dag niet aangeven. Vraag het programmabureau om een mandaat; stuur dan "
            "opnieuw",
            "you may not declare for this organisation on that day. Ask the programme office for a mandate; then send "
            "again",
        )

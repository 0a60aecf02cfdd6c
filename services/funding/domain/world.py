"""What is known to the batch in hand: loaded in a few statements, and kept up with what its own records do.

A record is judged against this, so the second of two records in one batch knows what the first one did.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from hashlib import sha256
from uuid import UUID

from runtime.ids import consortium_id
from runtime.problems import Kind, Problem
from services.funding.domain import contribution as contributions
from services.funding.domain import wording
from services.funding.domain.bounds import Bounds, bounds
from services.funding.domain.contribution import Contribution
from services.funding.domain.intake import Reason, Record
from services.funding.domain.judging import Bookable, Earlier, Held, Known, KnownLine, Refused, Withdrawn, judge
from services.funding.domain.scheme import Rule
from services.funding.domain.valuation import Delivered, KindNotEligible, NoRuleForKind, Value, value


class StandingUnsure(Problem, kind=Kind.UNAVAILABLE):
    """Whether this organisation takes part is not certain here, and partners has not said. Try again in a moment."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Keyed hashes of evidence and of the place where it was claimed. Without the key they tell nothing."""

    key: bytes

    def evidence(self, digest: str) -> bytes:
        return hmac.digest(self.key, b"evidence|" + digest.encode(), "sha256")

    def place(self, consortium: UUID, organisation: UUID, line: str) -> bytes:
        """Of one organisation on one line of one region: there, several records may share a piece of evidence."""
        return _place(self.key, consortium, organisation, line)


@lru_cache(maxsize=4096)
def _place(key: bytes, consortium: UUID, organisation: UUID, line: str) -> bytes:
    return hmac.digest(key, f"place|{consortium}|{organisation}|{line}".encode(), "sha256")


@dataclass(frozen=True, slots=True)
class Region:
    """A region that exists here. `today` is the day it is there."""

    id: UUID
    today: date
    closed_until: date | None
    lines: tuple[KnownLine, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """An earlier record of a sender, and its contribution when it has one."""

    sender: str
    id: str
    consortium_id: UUID
    state: str
    outcome: str
    organisation_id: UUID | None
    replaces: str | None
    settled_by: str | None
    contribution: Contribution | None
    reasons: tuple[Reason, ...] = ()

    def earlier(self) -> Earlier:
        found = self.contribution
        return Earlier(
            self.id,
            found.state if found is not None and self.state == "booked" else self.state,
            self.organisation_id,
            found.id if found else None,
            found.day if found else None,
            self.settled_by,
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """Whose a record is: the region, None when there is no such, and the organisation, None likewise."""

    region: Region | None
    organisation_id: UUID | None


@dataclass(frozen=True, slots=True)
class Booked:
    """It goes into the books. `replaced` is the earlier record that it stands in for."""

    contribution: Contribution
    replaced: Stored | None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """An earlier record is taken back."""

    earlier: Stored


Outcome = Booked | TakenBack | Held | Refused


@dataclass(slots=True)
class World:
    """The regions, organisations and earlier records that the records of a batch touch."""

    fingerprints: Fingerprints
    regions: dict[UUID, Region] = field(default_factory=dict)
    organisations: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    mandates: dict[tuple[UUID, str, UUID], tuple[date, date | None]] = field(default_factory=dict)
    standings: dict[tuple[UUID, UUID], list[tuple[date, date | None]]] = field(default_factory=dict)
    answers: Mapping[tuple[UUID, UUID, date], bool] = field(default_factory=dict)
    worked: dict[tuple[UUID, UUID, str, str, date], int] = field(default_factory=dict)
    activities: set[tuple[UUID, str]] = field(default_factory=set)
    lesson_days: set[tuple[UUID, UUID, date, str]] = field(default_factory=set)
    claims: dict[bytes, dict[UUID, bytes]] = field(default_factory=dict)
    records: dict[tuple[str, str], Stored] = field(default_factory=dict)
    bounds: dict[tuple[UUID, str, date], Bounds] = field(default_factory=dict)

    def place(self, record: Record) -> Placed:
        """Where a record belongs."""
        region = self.regions.get(consortium_id(record.consortium))
        if region is None:
            return Placed(None, None)
        return Placed(region, self.organisations.get((region.id, record.organisation)))

    def organisations_touched(self) -> list[tuple[UUID, UUID]]:
        """Region and id of the organisations that the records name, in the order in which they are locked."""
        return sorted({(region, found) for (region, _), found in self.organisations.items()})

    def mandated(self, region: UUID, sender: str, organisation: UUID, day: date) -> bool:
        period = self.mandates.get((region, sender, organisation))
        return period is not None and period[0] <= day and (period[1] is None or day <= period[1])

    def knows(self, region: UUID, sender: str) -> bool:
        """Whether the sender may declare for anybody in the region."""
        return any((each[0], each[1]) == (region, sender) for each in self.mandates)

    def stands(self, region: UUID, organisation: UUID, day: date) -> bool | None:
        """Whether the organisation counts as a partner: as kept here, else as partners said; None when it did not."""
        periods = self.standings.get((region, organisation), ())
        if any(from_ <= day and (until is None or day <= until) for from_, until in periods):
            return True
        return self.answers.get((region, organisation, day))

    def doubtful(self, record: Record, sender: str) -> tuple[UUID, UUID, date] | None:
        """Region, organisation and day that partners must be asked about before this record may be refused."""
        placed = self.place(record)
        if placed.region is None or placed.organisation_id is None or record.withdraws is not None:
            return None
        question = placed.region.id, placed.organisation_id, record.day
        if not self.mandated(question[0], sender, question[1], record.day) or self.stands(*question):
            return None
        return question

    def find(self, sender: str, record_id: str | None) -> Stored | None:
        """An earlier record; of one that was refused, what that one in turn stood in for, if it was ever booked."""
        found = self.records.get((sender, record_id)) if record_id else None
        seen: set[str] = set()
        step = found
        while step is not None and step.state == "refused" and step.replaces and step.replaces not in seen:
            seen.add(step.replaces)
            step = self.records.get((sender, step.replaces))
            if step is not None and (step.state != "refused"):
                return step
        return found

    def decide(self, record: Record, sender: str, origin: str, contribution_id: UUID) -> Outcome:
        """What becomes of a record. Raises StandingUnsure when partners must be asked first."""
        placed = self.place(record)
        if placed.region is None:
            return Refused((_unknown_consortium(record),))
        if placed.organisation_id is None:
            return Refused((_unknown_organisation(record),))
        region, organisation = placed.region, placed.organisation_id
        earlier = self.find(sender, record.refers_to)
        if earlier is not None and earlier.consortium_id != region.id and earlier.state != "refused":
            earlier = None
        known = self._known(record, sender, region, organisation, earlier)
        verdict = judge(record, known)
        if isinstance(verdict, Held | Refused):
            return verdict
        if isinstance(verdict, Withdrawn):
            assert earlier is not None
            return TakenBack(earlier)
        worth = worth_of(record, region)
        if isinstance(worth, Held | Refused):
            return worth
        assert isinstance(verdict, Bookable)
        new = contributions.of_record(
            contribution_id, organisation, record, worth, sender=sender, origin=origin, verified=verdict.verified
        )
        return Booked(new, earlier if earlier is not None and earlier.state not in ("refused",) else None)

    def _known(self, record: Record, sender: str, region: Region, organisation: UUID, earlier: Stored | None) -> Known:
        mandated = self.mandated(region.id, sender, organisation, record.day)
        standing: bool | None = True
        if mandated and record.withdraws is None:
            standing = self.stands(region.id, organisation, record.day)
            if standing is None:
                raise StandingUnsure()
        replaced = earlier.contribution if earlier is not None and record.replaces is not None else None
        worked = self.worked.get((region.id, organisation, sender, record.worker_ref or "", record.day), 0)
        if replaced is not None and replaced.booked and _same_worker_and_day(replaced, record, sender):
            worked -= replaced.minutes
        return Known(
            today=region.today,
            lines=region.lines,
            closed_until=region.closed_until,
            organisation_id=organisation,
            mandated=mandated,
            standing=bool(standing),
            worked_minutes=worked,
            activity_booked=(region.id, record.activity_ref or "") in self.activities,
            lesson_on_day_and_line=(region.id, organisation, record.day, record.line) in self.lesson_days,
            evidence_claimed=self._claimed(record, region.id, organisation, replaced),
            earlier=earlier.earlier() if earlier is not None else None,
            bounds=self._bounds(record, region),
        )

    def _bounds(self, record: Record, region: Region) -> Bounds:
        """What the rules hold possible; reckoned once for all records of a kind and day."""
        asked = (region.id, record.kind, record.day)
        if asked not in self.bounds:
            self.bounds[asked] = bounds(region.rules, record.kind, record.day, region.today)
        return self.bounds[asked]

    def _claimed(self, record: Record, region: UUID, organisation: UUID, replaced: Contribution | None) -> bool:
        place = self.fingerprints.place(region, organisation, record.line)
        return any(
            elsewhere != place and (replaced is None or claimant != replaced.id)
            for piece in record.evidence
            for claimant, elsewhere in self.claims.get(self.fingerprints.evidence(piece.sha256), {}).items()
        )

    def note_booked(self, region: UUID, record: Record, new: Contribution) -> None:
        """From now on its hours and evidence count."""
        key = (region, new.organisation_id, new.sender or "", new.worker_ref or "", new.day)
        if new.kind == "hours":
            self.worked[key] = self.worked.get(key, 0) + new.minutes
        place = self.fingerprints.place(region, new.organisation_id, new.line)
        for piece in record.evidence:
            self.claims.setdefault(self.fingerprints.evidence(piece.sha256), {})[new.id] = place

    def note_reversed(self, region: UUID, before: Contribution) -> None:
        """From now on its hours and evidence are free again."""
        key = (region, before.organisation_id, before.sender or "", before.worker_ref or "", before.day)
        if before.kind == "hours" and before.booked:
            self.worked[key] = self.worked.get(key, 0) - before.minutes
        for claimants in self.claims.values():
            claimants.pop(before.id, None)

    def note_settled(self, earlier: Stored, state: str, by: str, after: Contribution | None) -> Stored:
        """An earlier record was replaced or taken back."""
        settled = replace(earlier, state=state, settled_by=by, contribution=after or earlier.contribution)
        self.records[earlier.sender, earlier.id] = settled
        return settled


def worth_of(record: Record, region: Region) -> Value | Held | Refused:
    """What a record is worth by the region's rules; held when the region still has to record one."""
    delivered = Delivered(
        record.kind,
        record.day,
        minutes=record.minutes or 0,
        amount_cents=record.amount_cents or 0,
        pupils=record.pupils or 0,
        minutes_each=record.minutes_each or 0,
    )
    try:
        worth = value(delivered, region.rules, region.today)
    except KindNotEligible:
        return Refused((_not_eligible(record),))
    except NoRuleForKind:
        return Held(_no_rate(record))
    if not worth.cents and not worth.minutes:
        return Refused((_worth_nothing(record),))
    return worth


def _same_worker_and_day(before: Contribution, record: Record, sender: str) -> bool:
    return (before.sender, before.worker_ref, before.day) == (sender, record.worker_ref, record.day)


def _sentence(record: Record, code: str, field: str, nl: str, en: str) -> Reason:
    about_nl, about_en = wording.about(record)
    return Reason(code, field, f"{about_nl}: {nl}", f"{about_en}: {en}")


def _unknown_consortium(record: Record) -> Reason:
    return _sentence(
        record,
        "unknown-consortium",
        "consortium",
        f"die regio bestaat hier niet. Vraag het programmabureau om de code; stuur opnieuw met replaces {record.id}.",
        f"there is no such region here. Ask the programme office for its code; send again with replaces {record.id}.",
    )


def _unknown_organisation(record: Record) -> Reason:
    return _sentence(
        record,
        "unknown-organisation",
        "organisation",
        "die organisatie is in deze regio niet bekend. Controleer het nummer of vraag het programmabureau om haar "
        f"in te schrijven; stuur opnieuw met replaces {record.id}.",
        "this region knows no such organisation. Check the number, or ask the programme office to register it; send "
        f"again with replaces {record.id}.",
    )


def _not_eligible(record: Record) -> Reason:
    return _sentence(
        record,
        "kind-not-eligible",
        "kind",
        f"'{record.kind}' telt op die dag niet mee in deze regeling. Stuur als soort die wel telt, met replaces "
        f"{record.id}.",
        f"'{record.kind}' does not count in this scheme on that day. Send as a kind that does, with replaces "
        f"{record.id}.",
    )


def _no_rate(record: Record) -> Reason:
    return _sentence(
        record,
        "kind-not-eligible",
        "kind",
        "de regio heeft nog niet vastgelegd wat dit waard is. Het programmabureau kijkt ernaar; u hoeft niets te doen.",
        "the region has not recorded yet what this is worth. The programme office looks at it; there is nothing to do.",
    )


def _worth_nothing(record: Record) -> Reason:
    return _sentence(
        record,
        "not-positive",
        "minutesEach",
        f"afgerond blijft er niets over. Stuur de hele tijd in één keer, met replaces {record.id}.",
        f"nothing is left of it when rounded. Send all of the time at once, with replaces {record.id}.",
    )


def bucket(kind: str, *parts: object) -> int:
    """One of 256 locks: whoever checks and books the same activity or evidence takes the same one."""
    text = "|".join([kind, *map(str, parts)])
    return sha256(text.encode()).digest()[0]

"""What is known to the batch in hand: loaded in a few statements, and kept up with what its own records do.

A record is judged against this, so the second of two records in one batch knows what the first one did.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from runtime.ids import consortium_id, origin_of
from runtime.problems import Kind, Problem
from services.funding.domain import contribution as contributions
from services.funding.domain import refusals
from services.funding.domain.bounds import Bounds, bounds
from services.funding.domain.contribution import Contribution
from services.funding.domain.fingerprints import Claimed, Fingerprints
from services.funding.domain.intake import BY_HAND, Reason, Record
from services.funding.domain.judging import Bookable, Earlier, Held, Known, KnownLine, Refused, Withdrawn, judge
from services.funding.domain.kin import Kin
from services.funding.domain.receiving import Receiver
from services.funding.domain.scheme import Rule
from services.funding.domain.valuation import Delivered, KindNotEligible, NoRuleForKind, Value, value


class StandingUnsure(Problem, kind=Kind.UNAVAILABLE):
    """Whether this organisation takes part is not certain here, and partners has not said. Try again in a moment."""


@dataclass(frozen=True, slots=True)
class Region:
    """A region that exists here. `today` is the day it is there; `closed` when it takes nothing in any more."""

    id: UUID
    today: date
    closed_until: date | None
    lines: tuple[KnownLine, ...]
    rules: tuple[Rule, ...]
    closed: bool = False


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

Place = tuple[UUID, UUID, date, str]
"""Region, organisation, day and line."""
Prints = tuple[list[Claimed], list[Claimed]]
"""Of a record's evidence, and of its worker's time."""
Spent = tuple[str | None, str | None, int]
"""Who declared time, None for a confirmed lesson, under which reference of an activity, and how many minutes."""


@dataclass(slots=True)
class World:
    """The regions, organisations and earlier records that the records of a batch touch.

    `activities` are those whose hours are in the books; `confirmed` has of every confirmed one the organisation, the
    line and the school; `schools` are those that records name. `places` and `prints` remember what was reckoned of
    records. Whoever changes regions or organisations empties `places`.
    """

    fingerprints: Fingerprints
    regions: dict[UUID, Region] = field(default_factory=dict)
    organisations: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    mandates: dict[tuple[UUID, str, UUID], tuple[date, date | None]] = field(default_factory=dict)
    standings: dict[tuple[UUID, UUID], list[tuple[date, date | None]]] = field(default_factory=dict)
    answers: Mapping[tuple[UUID, UUID, date], bool] = field(default_factory=dict)
    worked: dict[tuple[UUID, UUID, str, str, date], int] = field(default_factory=dict)
    activities: set[tuple[UUID, str]] = field(default_factory=set)
    confirmed: dict[tuple[UUID, str], list[tuple[UUID, str, UUID | None]]] = field(default_factory=dict)
    schools: dict[tuple[UUID, str], UUID] = field(default_factory=dict)
    lesson_days: set[tuple[UUID, UUID, date, str]] = field(default_factory=set)
    claims: dict[bytes, dict[UUID | bytes, bytes]] = field(default_factory=dict)
    numbers: dict[tuple[UUID, UUID], str] = field(default_factory=dict)
    kin: Kin = field(default_factory=Kin)
    coinciding: dict[Place, dict[Spent, int]] = field(default_factory=dict)
    places: dict[tuple[str, str], Placed] = field(default_factory=dict)
    prints: dict[int, tuple[Record, Prints]] = field(default_factory=dict)
    records: dict[tuple[str, str], Stored] = field(default_factory=dict)
    bounds: dict[tuple[UUID, str, date], Bounds] = field(default_factory=dict)

    def place(self, record: Record) -> Placed:
        """Where a record belongs."""
        name = record.consortium, record.organisation
        placed = self.places.get(name)
        if placed is None:
            region = self.regions.get(consortium_id(record.consortium))
            organisation = None if region is None else self.organisations.get((region.id, record.organisation))
            placed = self.places[name] = Placed(region, organisation)
        return placed

    def organisations_touched(self) -> list[tuple[UUID, UUID]]:
        """Region and id of the organisations that the records name, in the order in which they are locked."""
        return sorted({(region, found) for (region, _), found in self.organisations.items()})

    def mandated(self, region: UUID, sender: str, organisation: UUID, day: date) -> bool:
        if sender == BY_HAND:
            return True  # the door lets people declare for their own organisation alone
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
        if placed.region.closed:
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

    def decide(
        self, record: Record, sender: str, origin: str, contribution_id: UUID, declared_by: UUID | None = None
    ) -> Outcome:
        """What becomes of a record. Raises StandingUnsure when partners must be asked first."""
        placed = self.place(record)
        if placed.region is None:
            return Refused((refusals.unknown_consortium(record),))
        if placed.region.closed:
            return Refused((refusals.region_closed(record),))
        if placed.organisation_id is None:
            return Refused((refusals.unknown_organisation(record),))
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
            contribution_id,
            organisation,
            record,
            worth,
            sender=sender,
            origin=origin,
            verified=verdict.verified,
            declared_by=declared_by,
            asks_school=verdict.asks_school,
            school_id=verdict.school_id,
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
        whole = self.kin.whole(region.id, organisation)
        worked = sum(
            self.worked.get((region.id, each, sender, record.worker_ref or "", record.day), 0) for each in whole
        )
        if replaced is not None and replaced.booked and _same_worker_and_day(replaced, record, sender):
            worked -= replaced.minutes
        evidence, worker = self._prints(record, sender, region.id, organisation)
        return Known(
            today=region.today,
            lines=region.lines,
            closed_until=region.closed_until,
            organisation_id=organisation,
            mandated=mandated,
            standing=bool(standing),
            worked_minutes=worked,
            activity_booked=(region.id, record.activity_ref or "") in self.activities,
            lesson_on_day_and_line=any(
                (region.id, each, record.day, record.line) in self.lesson_days for each in whole
            ),
            evidence_claimed=self._claimed(evidence, replaced),
            worker_claimed=self._claimed(worker, replaced),
            declared_by_another=self._declared_by_another(record, sender, region.id, organisation),
            declared_through_umbrella=self._through_umbrella(record, region.id, organisation, replaced),
            earlier=earlier.earlier() if earlier is not None else None,
            bounds=self._bounds(record, region),
            receiver=self.receiver(record, region.id, organisation),
        )

    def receiver(self, record: Record, region: UUID, organisation: UUID) -> Receiver:
        """The school that received what a record declares, as far as it is known."""
        whole = self.kin.whole(region, organisation)
        given = self.confirmed.get((region, record.activity_ref or ""), ())
        own = [school for by, line, school in given if by in whole and line == record.line]
        named = self.schools.get((region, record.school or ""))
        school = next((each for each in own if each is not None), named)
        return Receiver(school, bool(own), record.school is None or named is not None)

    def _bounds(self, record: Record, region: Region) -> Bounds:
        """What the rules hold possible; reckoned once for all records of a kind and day."""
        asked = (region.id, record.kind, record.day)
        if asked not in self.bounds:
            self.bounds[asked] = bounds(region.rules, record.kind, record.day, region.today)
        return self.bounds[asked]

    def claims_of(self, record: Record, sender: str, new: Contribution, region: UUID) -> list[Claimed]:
        """What a contribution claims by being in the books: its evidence, and its worker's time."""
        found = self._prints(record, sender, region, new.organisation_id)
        return [each for some in found for each in some[: len(some) // self.fingerprints.number]]

    def wanted(self, record: Record, sender: str, region: UUID, organisation: UUID) -> list[Claimed]:
        """What has to be looked up about a record, under every key."""
        evidence, worker = self._prints(record, sender, region, organisation)
        return [*evidence, *worker]

    def _prints(self, record: Record, sender: str, region: UUID, organisation: UUID) -> Prints:
        """Of its evidence and of its worker's time, reckoned once: under the present key first, then those before.

        A record is kept with what was reckoned of it, so that its identity is not that of another one later.
        """
        known = self.prints.get(id(record))
        if known is not None:
            return known[1]
        where = (origin_of(region), organisation, record.line)
        evidence = self.fingerprints.evidence([piece.sha256 for piece in record.evidence], where)
        worker: list[Claimed] = []
        if record.kind == "hours" and record.worker_ref is not None:
            number = self.numbers.get((region, organisation), f"{origin_of(region)}/{organisation}")
            activity = record.activity_ref or ""
            time = (number, sender, record.worker_ref, record.day.isoformat(), str(record.minutes), activity)
            worker = self.fingerprints.worker(time, where)
        self.prints[id(record)] = record, (evidence, worker)
        return evidence, worker

    def _claimed(self, wanted: list[Claimed], replaced: Contribution | None) -> bool:
        return any(
            elsewhere != place and (replaced is None or claimant != replaced.id)
            for fingerprint, place in wanted
            for claimant, elsewhere in self.claims.get(fingerprint, {}).items()
        )

    def _declared_by_another(self, record: Record, sender: str, region: UUID, organisation: UUID) -> bool:
        """Whether another system declared hours of the organisation on that day and line that may be the same."""
        return record.counts_hours and any(
            count > 0 and who not in (None, sender) and _may_be_one(record.activity_ref, reference)
            for each in self.kin.whole(region, organisation)
            for (who, reference, _), count in self.coinciding.get((region, each, record.day, record.line), {}).items()
        )

    def _through_umbrella(
        self, record: Record, region: UUID, organisation: UUID, replaced: Contribution | None
    ) -> bool:
        """Whether its umbrella, or a member of it, has as many minutes in the books on that day and line."""
        if record.kind != "hours":
            return False
        minutes = record.minutes or 0
        return any(
            count > 0 and found == minutes and _may_be_one(record.activity_ref, reference)
            for other in self.kin.akin(region, organisation)
            for (_, reference, found), count in self.coinciding.get(
                (region, other, record.day, record.line), {}
            ).items()
        )

    def note_booked(self, region: UUID, record: Record, new: Contribution) -> None:
        """From now on its hours and evidence count."""
        key = (region, new.organisation_id, new.sender or "", new.worker_ref or "", new.day)
        if new.kind == "hours":
            self.worked[key] = self.worked.get(key, 0) + new.minutes
        if record.counts_hours:
            place = (region, new.organisation_id, new.day, new.line)
            spent, what = self.coinciding.setdefault(place, {}), (new.sender, new.activity_ref, new.minutes)
            spent[what] = spent.get(what, 0) + 1
        for fingerprint, where in self.claims_of(record, new.sender or "", new, region):
            self.claims.setdefault(fingerprint, {})[new.id] = where

    def note_reversed(self, region: UUID, before: Contribution) -> None:
        """From now on its hours and evidence are free again."""
        key = (region, before.organisation_id, before.sender or "", before.worker_ref or "", before.day)
        if before.kind == "hours" and before.booked:
            self.worked[key] = self.worked.get(key, 0) - before.minutes
        if before.kind in ("hours", "pupil-presence") and before.booked:
            place = (region, before.organisation_id, before.day, before.line)
            spent, what = self.coinciding.setdefault(place, {}), (before.sender, before.activity_ref, before.minutes)
            spent[what] = spent.get(what, 0) - 1
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
        return Refused((refusals.not_eligible(record),))
    except NoRuleForKind:
        return Held(refusals.no_rate(record))
    if not worth.cents and not worth.minutes:
        return Refused((refusals.worth_nothing(record),))
    return worth


def _may_be_one(reference: str | None, other: str | None) -> bool:
    """Whether two records may be about one activity: unless both name one, and not the same."""
    return reference is None or other is None or reference == other


def _same_worker_and_day(before: Contribution, record: Record, sender: str) -> bool:
    return (before.sender, before.worker_ref, before.day) == (sender, record.worker_ref, record.day)


def bucket(kind: str, *parts: object) -> int:
    """One of 256 locks: whoever checks and books the same activity or evidence takes the same one."""
    text = "|".join([kind, *map(str, parts)])
    return sha256(text.encode()).digest()[0]

"""A progress report: where a grant stands on the books as sealed, by the rules as known, frozen with its hash.

What it rests on is named in it (the seal, the version of the scheme, the supplements, the version of each deliverable),
so that the same report can be made again later, whatever was recorded since, and compared byte for byte.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from runtime.problems import Kind, Problem
from services.funding.domain import ledger
from services.funding.domain.chain import Seal, canonical, hash_of, instant
from services.funding.domain.deliverable import Deliverable
from services.funding.domain.grant import Grant
from services.funding.domain.ledger import UNALLOCATED_LINE
from services.funding.domain.scheme import Scheme, cofinancing_on, in_force, required_cents
from services.funding.events.subsidy import ProgressReportMade

FORM = "speerpunt.progress-report.v1"


class NothingSealed(Problem, kind=Kind.CONFLICT):
    """No entry of these books was sealed by {day}, and a report is made from sealed books. Entries are sealed within a
    second; ask again, or as known on a later day."""


class NotKnownYet(Problem, kind=Kind.INVALID):
    """Nobody knows what will be known on {day}; in the region it is {today}. Give that day or an earlier one."""


class ReportPeriodInverted(Problem, kind=Kind.INVALID):
    """A report's last day comes on or after its first ({first})."""


class ReportFrozen(Problem, kind=Kind.CONFLICT):
    """Report '{report}' was made about another grant, other days or as known on another day, and is not made anew. Make
    one under another code."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is about: the days, and the day whose knowledge decides."""

    first: date
    last: date
    known_on: date


@dataclass(frozen=True, slots=True)
class Movement:
    """What sealed entries of one calendar year did to an account; `in_period` for those from the report's first day."""

    account: str
    year: int
    in_period: bool
    cents: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Basis:
    """What a report is made from. The scheme has the rules that were on record, the grant its supplements of then."""

    consortium: UUID
    grant: Grant
    scheme: Scheme
    seal: Seal
    movements: tuple[Movement, ...]
    deliverables: tuple[Deliverable, ...]


def content(basis: Basis, scope: Scope) -> dict[str, Any]:
    """The report as a document. Equal bases and scopes give equal bytes."""
    grant, seal = basis.grant, basis.seal
    rules = [rule.code for rule in in_force(basis.scheme.rules, grant.from_, scope.known_on)]
    return {
        "form": FORM,
        "consortium": str(basis.consortium),
        "from": scope.first.isoformat(),
        "until": scope.last.isoformat(),
        "knownOn": scope.known_on.isoformat(),
        "seal": {"batch": seal.batch, "count": seal.count, "head": seal.head, "sealedAt": instant(seal.sealed_at)},
        "scheme": {"code": basis.scheme.code, "version": basis.scheme.version, "rules": rules},
        "grant": {
            "code": grant.code,
            "awardedCents": grant.awarded_cents,
            "cents": grant.cents,
            "from": grant.from_.isoformat(),
            "until": grant.until.isoformat(),
            "supplements": [each.code for each in grant.supplements],
            "receivedCents": _sum(basis.movements, ledger.CASH)[0],
        },
        "cofinancing": _cofinancing(basis, scope),
        "lines": [_line(basis.movements, code) for code in _codes(basis.movements)],
        "years": [
            {"year": year, **_named("realised", [each for each in _accepted(basis.movements) if each.year == year])}
            for year in sorted({each.year for each in _accepted(basis.movements)})
        ],
        "deliverables": [
            {
                "code": each.code,
                "line": each.line,
                "title": each.title,
                "unit": each.unit,
                "planned": each.planned,
                "done": each.done,
                "due": each.due.isoformat(),
                "version": each.version,
            }
            for each in basis.deliverables
        ],
    }


def _cofinancing(basis: Basis, scope: Scope) -> dict[str, Any]:
    realised = sum(each.cents for each in _accepted(basis.movements))
    asked = cofinancing_on(basis.scheme.rules, basis.grant.from_, scope.known_on)
    readings = required_cents(basis.grant.cents, asked) if asked else {}
    waiting = [each for each in basis.movements if each.account.startswith((ledger.DECLARED, ledger.VERIFIED))]
    return {
        **_named("realised", _accepted(basis.movements)),
        **_named("declared", waiting),
        "basisPoints": asked.basis_points if asked else 0,
        "readings": [
            {"base": base.value, "requiredCents": cents, "shortfallCents": max(0, cents - realised)}
            for base, cents in readings.items()
        ],
    }


def _line(movements: Sequence[Movement], code: str) -> dict[str, Any]:
    accepted = [each for each in movements if each.account == ledger.accepted(code)]
    waiting = [each for each in movements if each.account in (ledger.declared(code), ledger.verified(code))]
    left, committed = _sum(movements, ledger.line(code))[0], _sum(movements, ledger.committed(code))[0]
    claimed = _sum(movements, ledger.claimed(code))[0] + _sum(movements, ledger.paid(code))[0]
    return {
        "line": code,
        "allocatedCents": -(left + committed + claimed),
        "committedCents": -committed,
        **_named("realised", accepted),
        **_named("realisedInPeriod", [each for each in accepted if each.in_period]),
        **_named("declared", waiting),
    }


def _codes(movements: Iterable[Movement]) -> list[str]:
    prefixes = (ledger.line("x")[:-1], ledger.committed("x")[:-1], ledger.ACCEPTED, ledger.VERIFIED, ledger.DECLARED)
    found = {
        each.account.removeprefix(prefix)
        for each in movements
        for prefix in prefixes
        if each.account.startswith(prefix)
    }
    return sorted(found - {UNALLOCATED_LINE})


def _accepted(movements: Iterable[Movement]) -> list[Movement]:
    return [each for each in movements if each.account.startswith(ledger.ACCEPTED)]


def _sum(movements: Iterable[Movement], account: str) -> tuple[int, int]:
    found = [each for each in movements if each.account == account]
    return sum(each.cents for each in found), sum(each.minutes for each in found)


def _named(name: str, movements: Sequence[Movement]) -> dict[str, int]:
    return {
        f"{name}Cents": sum(each.cents for each in movements),
        f"{name}Minutes": sum(each.minutes for each in movements),
    }


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it was made. `text` is the canonical form of its content, and `sha256` the hash of that."""

    id: UUID
    code: str
    grant_id: UUID
    grant: str
    scope: Scope
    batch: int
    scheme_version: int
    text: str
    sha256: str
    made_by: UUID
    made_at: datetime

    @classmethod
    def make(
        cls, report_id: UUID, code: str, basis: Basis, scope: Scope, by: UUID, at: datetime
    ) -> tuple["Report", tuple[ProgressReportMade, ...]]:
        """A report of this basis, frozen."""
        document = content(basis, scope)
        made = cls(
            report_id,
            code,
            basis.grant.id,
            basis.grant.code,
            scope,
            basis.seal.batch,
            basis.scheme.version,
            canonical(document).decode(),
            hash_of(document),
            by,
            at,
        )
        fact = ProgressReportMade(
            report_id=report_id,
            code=code,
            grant_id=basis.grant.id,
            from_=scope.first,
            until=scope.last,
            known_on=scope.known_on,
            sha256=made.sha256,
            seal_count=basis.seal.count,
            seal_head=basis.seal.head,
        )
        return made, (fact,)

    def same(self, grant: str, first: date, last: date, known_on: date | None) -> bool:
        """Whether making it again would be about the same. Raises ReportFrozen when it would not."""
        wanted = (grant, first, last, known_on or self.scope.known_on)
        if wanted != (self.grant, self.scope.first, self.scope.last, self.scope.known_on):
            raise ReportFrozen(report=self.code)
        return True


def differences(kept: Any, now: Any, where: str = "") -> Iterator[str]:
    """Where two documents differ, as JSON pointers; nothing when they are the same."""
    if isinstance(kept, Mapping) and isinstance(now, Mapping):
        for name in sorted({*kept, *now}):
            yield from differences(kept.get(name), now.get(name), f"{where}/{name}")
    elif isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        for position, (left, right) in enumerate(zip(kept, now, strict=True)):
            yield from differences(left, right, f"{where}/{position}")
    elif kept != now:
        yield where

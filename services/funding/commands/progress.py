"""Making progress reports: looked at as known on any day, frozen once, and made again to prove that nothing moved."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from runtime import ids, outbox
from runtime.event import Change
from runtime.postgres import Tx
from runtime.problems import NotFound
from services.funding.domain import progress as domain
from services.funding.domain.chain import Seal, hash_of
from services.funding.domain.deliverable import Deliverable
from services.funding.domain.grant import Grant
from services.funding.domain.progress import Basis, NothingSealed, NotKnownYet, Report, ReportPeriodInverted, Scope
from services.funding.domain.scheme import Scheme
from services.funding.events import SOURCE
from services.funding.store import deliverables, grants, partners, schemes
from services.funding.store import progress as store

Result = Literal["created", "unchanged"]


@dataclass(frozen=True, slots=True)
class Reproduction:
    """A report made again from what it says it rests on. `differences` are JSON pointers into its content."""

    report: Report
    sha256: str
    differences: Sequence[str]


async def look(
    tx: Tx, grant_code: str, first: date, last: date, known_on: date | None, *, at: datetime
) -> dict[str, Any]:
    """Where a grant stands, as known on a day. Keeps nothing.

    Raises NotFound, RegionNotKnown, ReportPeriodInverted, NotKnownYet and NothingSealed.
    """
    return domain.content(*await _basis(tx, grant_code, first, last, known_on, at))


async def put_report(
    tx: Tx,
    code: str,
    grant_code: str,
    first: date,
    last: date,
    known_on: date | None,
    *,
    by: UUID,
    at: datetime,
) -> tuple[Report, Result]:
    """Makes a report and freezes it. Again about the same: unchanged, whatever was booked since.

    Raises ReportFrozen when the code is of a report about something else, and as `look`.
    """
    if known := await store.reports(tx, code=code):
        known[0].same(grant_code, first, last, known_on)
        return known[0], "unchanged"
    basis, scope = await _basis(tx, grant_code, first, last, known_on, at)
    report_id = ids.coded_id(tx.consortium_id, "progress-report", code)
    made, facts = Report.make(report_id, code, basis, scope, by, at)
    if not await store.insert(tx, made):
        kept = (await store.reports(tx, code=code))[0]
        kept.same(grant_code, first, last, known_on)
        return kept, "unchanged"
    await outbox.append(tx, Change("progress-report", made.id, 1, facts), source=SOURCE, at=at)
    return made, "created"


async def reproduce(tx: Tx, code: str) -> Reproduction:
    """Makes a report again from the books up to its seal, the rules of its scheme's version and the rest as it was.

    Raises NotFound.
    """
    found = await store.reports(tx, code=code)
    if not found:
        raise NotFound(what="progress report with this code")
    report = found[0]
    kept = json.loads(report.text)
    seal = await store.seal_of_batch(tx, report.batch)
    grant = next(iter(await grants.grants(tx, report.grant)), None)
    scheme = await schemes.scheme(tx, kept["scheme"]["code"], report.scheme_version)
    if seal is None or grant is None or scheme is None:
        raise NotFound(what="seal, grant or scheme that this report was made from")
    then = {each["code"]: each["version"] for each in kept["deliverables"]}
    listed = kept["grant"]["supplements"]
    basis = await _gathered(
        tx,
        replace(grant, supplements=tuple(each for each in grant.supplements if each.code in listed)),
        replace(scheme, version=report.scheme_version),
        seal,
        report.scope,
        await store.deliverables_at(tx, then),
    )
    again = domain.content(basis, report.scope)
    return Reproduction(report, hash_of(again), tuple(domain.differences(kept, again)))


async def _basis(
    tx: Tx, grant_code: str, first: date, last: date, known_on: date | None, at: datetime
) -> tuple[Basis, Scope]:
    if last < first:
        raise ReportPeriodInverted(first=first)
    zone = (await partners.consortium(tx)).zone
    today = at.astimezone(zone).date()
    known = known_on or today
    if known > today:
        raise NotKnownYet(day=known, today=today)
    grant = next(iter(await grants.grants(tx, grant_code)), None)
    scheme = await schemes.scheme(tx, grant.scheme) if grant else None
    if grant is None or scheme is None:
        raise NotFound(what="grant with this code")
    night = datetime(known.year, known.month, known.day, tzinfo=zone) + timedelta(days=1)
    seal = await store.seal_before(tx, night)
    if seal is None:
        raise NothingSealed(day=known)
    scope = Scope(first, last, known)
    then = replace(grant, supplements=tuple(each for each in grant.supplements if each.awarded_on <= known))
    planned = [each for each in await deliverables.as_known(tx, night) if each.grant in (None, grant.code)]
    return await _gathered(tx, then, scheme, seal, scope, planned), scope


async def _gathered(
    tx: Tx, grant: Grant, scheme: Scheme, seal: Seal, scope: Scope, planned: Sequence[Deliverable]
) -> Basis:
    moved = await store.movements(tx, seal.batch, grant.from_, scope.first, scope.last, grant.id)
    return Basis(ids.origin_of(tx.consortium_id), grant, scheme, seal, moved, tuple(planned))

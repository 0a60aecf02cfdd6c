"""Putting kinds, offers and requests: the same content again changes nothing, so a loader may load twice."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from runtime.postgres import Tx
from services.activities.commands import Result, publishing
from services.activities.domain.activities import Speaker
from services.activities.domain.catalogue import (
    ActivityKind,
    NotASchool,
    Offer,
    Request,
    RequestState,
    UnknownOrganisation,
    check_kind,
    check_line,
    check_period,
)
from services.activities.store import catalogue, copies


async def put_kind(tx: Tx, wanted: ActivityKind) -> Result:
    """Adds or changes a kind of activity of the region."""
    known = {kind.code: kind for kind in await catalogue.kinds(tx)}
    if known.get(wanted.code) == wanted:
        return Result.UNCHANGED
    await catalogue.save_kind(tx, wanted)
    return Result.CHANGED if wanted.code in known else Result.CREATED


async def put_offer(tx: Tx, wanted: Offer, speaker: Speaker, at: datetime) -> tuple[Offer, Result]:
    """Publishes an offer, or what became of it. A company puts its own, the office every one."""
    speaker.on_behalf_of("offer", company_id=wanted.company_id)
    company = await _organisation(tx, wanted.company_id, "companyId")
    await check_references(tx, wanted.kind, wanted.line)
    if wanted.from_day and wanted.until_day:
        check_period(wanted.from_day, wanted.until_day)
    wanted = replace(wanted, municipality=wanted.municipality or company.municipality)
    known = await catalogue.offer_by_code(tx, wanted.code, lock=True)
    if known is None:
        return await publishing.save_offer(tx, wanted, at), Result.CREATED
    speaker.on_behalf_of("change", company_id=known.company_id)
    if replace(wanted, version=known.version) == known:
        return known, Result.UNCHANGED
    return await publishing.save_offer(tx, wanted, at), Result.CHANGED


async def put_request(tx: Tx, wanted: Request, speaker: Speaker, at: datetime) -> tuple[Request, Result]:
    """Publishes a request, changes it while it is open, or withdraws it. A school its own, the office all."""
    speaker.on_behalf_of("ask for", school_id=wanted.school_id)
    school = await _organisation(tx, wanted.school_id, "schoolId")
    if not school.is_school:
        raise NotASchool(field="schoolId")
    await check_references(tx, wanted.kind, wanted.line)
    check_period(wanted.from_day, wanted.until_day)
    wanted = replace(wanted, municipality=wanted.municipality or school.municipality)
    known = await catalogue.request_by_code(tx, wanted.code, lock=True)
    if known is None:
        return await publishing.save_request(tx, wanted, at), Result.CREATED
    speaker.on_behalf_of("change", school_id=known.school_id)
    changed = known.changed_to(wanted)
    if changed == known:
        return known, Result.UNCHANGED
    return await publishing.save_request(tx, changed, at), Result.CHANGED


async def check_references(tx: Tx, kind: str, line: str) -> ActivityKind:
    """The kind, when the region has it and its programme has the line."""
    found = check_kind(await catalogue.kinds(tx), kind)
    check_line(await copies.lines(tx), line)
    return found


async def check_parties(tx: Tx, school_id: UUID, company_id: UUID) -> None:
    """Refuses parties that the region does not know, and a school that is none."""
    if not (await _organisation(tx, school_id, "schoolId")).is_school:
        raise NotASchool(field="schoolId")
    await _organisation(tx, company_id, "companyId")


async def reopen(tx: Tx, request_id: UUID, at: datetime) -> Request:
    """The request, open again after what was planned for it fell through."""
    request = await catalogue.lock_request_by_id(tx, request_id)
    if request.state in (RequestState.OPEN, RequestState.WITHDRAWN):
        return request
    return await publishing.save_request(tx, request.reopened(), at)


async def _organisation(tx: Tx, organisation_id: UUID, field: str) -> copies.Organisation:
    found = await copies.organisation(tx, organisation_id)
    if found is None:
        raise UnknownOrganisation(field=field)
    return found

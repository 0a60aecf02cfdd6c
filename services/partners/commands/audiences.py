"""Who is reached by an audience. The one place where names and addresses are put together to leave this service."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from runtime.postgres import Tx
from runtime.problems import Kind, NotFound, Problem
from services.partners.domain.organisations import COMPANIES, SCHOOLS, OrganisationKind
from services.partners.domain.persons import Audience, AudienceKind, Person, PersonRole
from services.partners.store import agreements, groups, membership, organisations, persons, regions


async def reached(tx: Tx, audience: Audience, day: date | None, at: datetime) -> list[Person]:
    """The persons of an audience as of a day (today in the region when None), each once, by id. Raises NotFound.

    Organisations are reached through their contacts, an agreement through the signatories of who signs it.
    """
    region = await regions.consortium(tx)
    if region is None:
        raise NotFound(what="consortium")
    on = day or region.day(at)
    match audience.kind:
        case AudienceKind.EVERYONE:
            return await persons.everyone(tx)
        case AudienceKind.OFFICE:
            return await persons.with_role(tx, PersonRole.OFFICE)
        case AudienceKind.PERSON:
            found = await persons.person_by_id(tx, _id(audience))
            if found is None:
                raise NotFound(what="person")
            return [found]
        case AudienceKind.AGREEMENT:
            parties = await agreements.parties_by_id(tx, _id(audience))
            if not parties:
                raise NotFound(what="circulated agreement")
            return await persons.of_organisations(tx, parties, PersonRole.SIGNATORY)
        case _:
            wanted = await _organisations(tx, audience, on)
            return await persons.of_organisations(tx, wanted, PersonRole.CONTACT)


class NoOrganisations(Problem, kind=Kind.INVALID):
    """'{audience}' is an audience of people. Name one of organisations: everyone, parties, members, planning,
    companies, schools, or organisation:, group:, umbrella: or agreement: with an id."""


async def listed(tx: Tx, audiences: Iterable[Audience], day: date | None, at: datetime) -> list[UUID]:
    """The organisations that are in one of these audiences as of a day (today in the region when None), by id.

    Raises NotFound for an id that the region does not have, and NoOrganisations.
    """
    region = await regions.consortium(tx)
    if region is None:
        raise NotFound(what="consortium")
    found: set[UUID] = set()
    for audience in audiences:
        match audience.kind:
            case AudienceKind.OFFICE | AudienceKind.PERSON:
                raise NoOrganisations(audience=audience.kind.value)
            case AudienceKind.EVERYONE:
                found.update(await organisations.of_kinds(tx, tuple(OrganisationKind)))
            case AudienceKind.AGREEMENT:
                parties = await agreements.parties_by_id(tx, _id(audience))
                if not parties:
                    raise NotFound(what="circulated agreement")
                found.update(parties)
            case _:
                found.update(await _organisations(tx, audience, day or region.day(at)))
    return sorted(found)


async def _organisations(tx: Tx, audience: Audience, on: date) -> Collection[UUID]:
    match audience.kind:
        case AudienceKind.PARTIES:
            return await agreements.parties_on(tx, on)
        case AudienceKind.MEMBERS:
            return await membership.members_on(tx, on)
        case AudienceKind.PLANNING:
            return await membership.joined_on(tx, on)
        case AudienceKind.UMBRELLA:
            if not await organisations.known(tx, [_id(audience)]):
                raise NotFound(what="organisation")
            return await membership.under_umbrella_on(tx, _id(audience), on)
        case AudienceKind.LEAD_PARTNER:
            return await membership.lead_partners_on(tx, on)
        case AudienceKind.COMPANIES:
            return await organisations.of_kinds(tx, COMPANIES)
        case AudienceKind.SCHOOLS:
            return await organisations.of_kinds(tx, SCHOOLS)
        case AudienceKind.GROUP:
            group = await groups.group_by_id(tx, _id(audience))
            if group is None:
                raise NotFound(what="working group")
            return group.present_on(on)
        case _:
            known = await organisations.known(tx, [_id(audience)])
            if not known:
                raise NotFound(what="organisation")
            return known


def _id(audience: Audience) -> UUID:
    assert audience.id is not None
    return audience.id

"""The gRPC door of partners: what other services must know now. Names and addresses leave only by ResolveAudience."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import grpc
from speerpunt.partners.v1 import partners_pb2 as pb
from speerpunt.partners.v1 import partners_pb2_grpc as pb_grpc

from runtime import rpc
from runtime.postgres import Database
from runtime.problems import Kind, NotFound, Problem
from services.partners.commands import audiences
from services.partners.domain.persons import Person, audience
from services.partners.domain.standing import Ground, Standing
from services.partners.events import PlannedLocation, PlannedSpearhead
from services.partners.store import persons, regions, standing

MOST_QUESTIONS = 2000
MOST_AUDIENCES = 20
_BASES = {
    None: pb.STANDING_BASIS_NONE,
    Ground.PARTY: pb.STANDING_BASIS_PARTY,
    Ground.UMBRELLA: pb.STANDING_BASIS_UMBRELLA,
    Ground.PLEDGE: pb.STANDING_BASIS_PLEDGE,
}


class BadDay(Problem, kind=Kind.INVALID):
    """day must be an ISO day, for instance 2023-04-03."""


class TooManyQuestions(Problem, kind=Kind.TOO_LARGE):
    """This asks {count} questions, and {most} is the most at once. Ask in parts."""


class Directory(pb_grpc.PartnerDirectoryServicer):
    """What other services must know of partners right now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc.allowed("service", "office")
    async def GetProgramme(  # noqa: N802 - the contract's name
        self, request: pb.GetProgrammeRequest, context: Any
    ) -> pb.GetProgrammeResponse:
        """The programme that started last, with its lines; NOT_FOUND when the region has none."""
        async with self._database.transaction(rpc.consortium(request.consortium_id)) as tx:
            found = await regions.latest_programme(tx)
        if found is None:
            raise NotFound(what="programme")
        return pb.GetProgrammeResponse(
            programme_id=str(found.id),
            code=found.code,
            title=found.title,
            from_day=found.first_day.isoformat(),
            until_day=found.last_day.isoformat(),
            lines=[
                *(_line(each, pb.LINE_KIND_SPEARHEAD) for each in found.spearheads),
                *(_line(each, pb.LINE_KIND_LOCATION) for each in found.locations),
            ],
        )

    @rpc.allowed("service")
    async def ResolvePerson(  # noqa: N802 - the contract's name
        self, request: pb.ResolvePersonRequest, context: Any
    ) -> pb.ResolvePersonResponse:
        """The person behind an account; empty when it is linked to none."""
        consortium_id = rpc.consortium(request.consortium_id)
        async with self._database.transaction(consortium_id) as tx:
            found = await persons.person_of(tx, request.issuer, request.subject)
        return pb.ResolvePersonResponse(person_id=str(found) if found else "")

    @rpc.allowed("service", "office")
    async def GetStanding(  # noqa: N802 - the contract's name
        self, request: pb.GetStandingRequest, context: Any
    ) -> pb.GetStandingResponse:
        """The standing of one organisation on a day; NOT_FOUND when the consortium has no such organisation."""
        asked = _question(request)
        async with self._database.transaction(asked[0]) as tx:
            found = await standing.asked(tx, [asked[:2]])
        if not found:
            raise NotFound(what="organisation")
        return _answer(found[asked[:2]], asked[2])

    @rpc.allowed("service", "office")
    async def BatchGetStanding(  # noqa: N802 - the contract's name
        self, request: pb.BatchGetStandingRequest, context: Any
    ) -> pb.BatchGetStandingResponse:
        """The same for many, in the order of the questions, from one read; NONE for an organisation nobody has."""
        if len(request.questions) > MOST_QUESTIONS:
            raise TooManyQuestions(count=len(request.questions), most=MOST_QUESTIONS)
        asked = [_question(each) for each in request.questions]
        async with self._database.transaction({region for region, _, _ in asked}) as tx:
            found = await standing.asked(tx, sorted({(region, organisation) for region, organisation, _ in asked}))
        return pb.BatchGetStandingResponse(
            answers=[
                _answer(found.get((region, organisation), Standing(organisation)), day)
                for region, organisation, day in asked
            ]
        )

    @rpc.allowed("service")
    async def ResolveAudience(  # noqa: N802 - the contract's name
        self, request: pb.ResolveAudienceRequest, context: Any
    ) -> pb.ResolveAudienceResponse:
        """Names and addresses of an audience, for the moment of sending only."""
        wanted = audience(request.audience)
        day = _day(request.day) if request.day else None
        async with self._database.transaction(rpc.consortium(request.consortium_id)) as tx:
            found = await audiences.reached(tx, wanted, day, datetime.now(UTC))
        return pb.ResolveAudienceResponse(recipients=[_recipient(each) for each in found])

    @rpc.allowed("service")
    async def ListAudience(  # noqa: N802 - the contract's name
        self, request: pb.ListAudienceRequest, context: Any
    ) -> pb.ListAudienceResponse:
        """The organisations of audiences, each once: ids, and no person."""
        if len(request.audiences) > MOST_AUDIENCES:
            raise TooManyQuestions(count=len(request.audiences), most=MOST_AUDIENCES)
        wanted = [audience(each) for each in request.audiences]
        day = _day(request.day) if request.day else None
        async with self._database.transaction(rpc.consortium(request.consortium_id)) as tx:
            found = await audiences.listed(tx, wanted, day, datetime.now(UTC))
        return pb.ListAudienceResponse(organisation_ids=[str(each) for each in found])


def _line(line: PlannedSpearhead | PlannedLocation, kind: pb.LineKind.ValueType) -> pb.Line:
    free = isinstance(line, PlannedSpearhead) and not line.budgeted
    return pb.Line(id=str(line.id), code=line.code, title=line.title, kind=kind, without_budget=free)


def _question(request: pb.GetStandingRequest) -> tuple[UUID, UUID, date]:
    organisation = rpc.identifier("organisation_id", request.organisation_id)
    return rpc.consortium(request.consortium_id), organisation, _day(request.day)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadDay() from None


def _answer(standing: Standing, day: date) -> pb.GetStandingResponse:
    found = standing.on(day)
    return pb.GetStandingResponse(
        basis=_BASES[found.ground],
        suffices=found.suffices,
        through_organisation_id=str(found.through) if found.through else "",
        bases=[_BASES[ground] for ground in standing.grounds_on(day)],
    )


def _recipient(person: Person) -> pb.Recipient:
    return pb.Recipient(
        person_id=str(person.id),
        organisation_id=str(person.organisation_id) if person.organisation_id else "",
        name=person.name,
        email=person.email,
        language=person.language,
    )


def door(database: Database) -> rpc.Door:
    """This service's methods, for the server."""

    def add(servicer: Directory, server: grpc.aio.Server) -> None:
        pb_grpc.add_PartnerDirectoryServicer_to_server(servicer, server)

    return rpc.Door(pb.DESCRIPTOR.services_by_name["PartnerDirectory"].full_name, add, Directory(database))

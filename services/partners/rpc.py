"""The gRPC door of partners. Standing and audiences are not answered yet, and so denied to everyone."""

from typing import Any

import grpc
from speerpunt.partners.v1 import partners_pb2 as pb
from speerpunt.partners.v1 import partners_pb2_grpc as pb_grpc

from runtime import rpc
from runtime.postgres import Database
from runtime.problems import NotFound
from services.partners import store
from services.partners.events import PlannedLocation, PlannedSpearhead


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
            found = await store.latest_programme(tx)
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
            found = await store.person_of(tx, request.issuer, request.subject)
        return pb.ResolvePersonResponse(person_id=str(found) if found else "")


def _line(line: PlannedSpearhead | PlannedLocation, kind: pb.LineKind.ValueType) -> pb.Line:
    return pb.Line(id=str(line.id), code=line.code, title=line.title, kind=kind)


def door(database: Database) -> rpc.Door:
    """This service's methods, for the server."""

    def add(servicer: Directory, server: grpc.aio.Server) -> None:
        pb_grpc.add_PartnerDirectoryServicer_to_server(servicer, server)

    return rpc.Door(pb.DESCRIPTOR.services_by_name["PartnerDirectory"].full_name, add, Directory(database))  # type: ignore[abstract]  # the rest is denied to everyone

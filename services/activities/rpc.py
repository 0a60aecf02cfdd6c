"""The gRPC door of activities: what is planned and done, for services that need it now."""

from datetime import UTC, datetime
from typing import Any

from speerpunt.activities.v1 import activities_pb2, activities_pb2_grpc

from runtime import rpc
from runtime.postgres import Database
from runtime.problems import InvalidInput, NotFound
from services.activities.store import activities as store
from services.activities.store.activities import Seated

MOST = 200


class Agenda(activities_pb2_grpc.AgendaServicer):
    """GetActivity and ListUpcoming, within one consortium."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc.allowed("service", "office")
    async def GetActivity(  # noqa: N802
        self, request: activities_pb2.GetActivityRequest, context: Any
    ) -> activities_pb2.GetActivityResponse:
        """One activity. Raises NotFound."""
        activity_id = rpc.identifier("activity_id", request.activity_id)
        async with self._database.transaction(rpc.consortium(request.consortium_id)) as tx:
            seated = await store.activity_by_id(tx, activity_id)
        if seated is None:
            raise NotFound(what="activity")
        return activities_pb2.GetActivityResponse(activity=_present(seated))

    @rpc.allowed("service", "office")
    async def ListUpcoming(  # noqa: N802
        self, request: activities_pb2.ListUpcomingRequest, context: Any
    ) -> activities_pb2.ListUpcomingResponse:
        """Activities that start at or after an instant and were not cancelled, soonest first; 200 at most."""
        since = _instant(getattr(request, "from"))
        limit = min(request.limit or MOST, MOST)
        if limit < 0:
            raise InvalidInput(summary="limit is not negative.")
        async with self._database.transaction(rpc.consortium(request.consortium_id)) as tx:
            found = await store.upcoming(tx, since, limit)
        return activities_pb2.ListUpcomingResponse(activities=[_present(seated) for seated in found])


def door(database: Database) -> rpc.Door:
    """The Agenda, ready to be served."""
    return rpc.Door(
        "speerpunt.activities.v1.Agenda", activities_pb2_grpc.add_AgendaServicer_to_server, Agenda(database)
    )


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(summary="from is an ISO instant with its offset.") from None
    if found.tzinfo is None:
        raise InvalidInput(summary="from is an ISO instant with its offset.")
    return found.astimezone(UTC)


def _present(seated: Seated) -> activities_pb2.Activity:
    activity = seated.activity
    return activities_pb2.Activity(
        id=str(activity.id),
        code=activity.code,
        kind=activity.kind,
        title=activity.title,
        line=activity.line,
        school_id=str(activity.school_id),
        company_id=str(activity.company_id),
        starts_at=activity.starts_at.isoformat().replace("+00:00", "Z"),
        ends_at=activity.ends_at.isoformat().replace("+00:00", "Z"),
        state=activity.state.value,
        seats=activity.seats,
        seats_taken=seated.taken,
    )

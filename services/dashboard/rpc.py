"""The gRPC door of the dashboard: one thing followed through all services, and which regions there are."""

from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp
from speerpunt.dashboard.v1 import dashboard_pb2, dashboard_pb2_grpc

from runtime import rpc
from runtime.postgres import Database
from runtime.problems import InvalidInput
from services.dashboard.store import Q
from services.dashboard.web import views

LONGEST_ID = 200


class Journeys(dashboard_pb2_grpc.JourneysServicer):
    """Find, over all regions of the installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc.allowed("operator")
    async def Find(  # noqa: N802 - the contract's name
        self, request: dashboard_pb2.FindRequest, context: Any
    ) -> dashboard_pb2.FindResponse:
        """All that was heard of one thing, and what was caused together with it. Raises InvalidInput."""
        wanted = request.id.strip()
        if not wanted or len(wanted) > LONGEST_ID or "\0" in wanted:
            raise InvalidInput(summary=f"an id has 1 to {LONGEST_ID} characters.")
        answer = dashboard_pb2.FindResponse()
        for region in await Q.all_regions.rows(self._database.pool):
            async with self._database.transaction(region["consortium_id"]) as tx:
                for row in await views.journey(tx, wanted):
                    answer.facts.add(
                        event_id=row["event_id"],
                        type=row["type"],
                        subject=row["subject"],
                        correlation_id=str(row["correlation_id"] or ""),
                        trace_id=row["trace_id"] or "",
                        consortium_id=str(region["consortium_id"]),
                        occurred_at=_timestamp(row["occurred_at"]),
                        heard_at=_timestamp(row["heard_at"]),
                    )
        return answer


class Regions(dashboard_pb2_grpc.RegionsServicer):
    """List, for whoever acts for the whole installation."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc.allowed("operator", "service")
    async def List(  # noqa: N802 - the contract's name
        self, request: dashboard_pb2.ListRequest, context: Any
    ) -> dashboard_pb2.ListResponse:
        """Every region that was founded, by name."""
        found = dashboard_pb2.ListResponse()
        for row in await Q.all_regions.rows(self._database.pool):
            found.regions.add(
                consortium_id=str(row["consortium_id"]),
                closed_since=_timestamp(row["closed_since"]) if row["closed_since"] else None,
                **{name: row[name] for name in ("code", "name", "zone", "currency", "language", "closed_reason")},
            )
        return found


def doors(database: Database) -> tuple[rpc.Door, ...]:
    """Journeys and Regions, ready to be served."""
    add = dashboard_pb2_grpc
    return (
        rpc.Door("speerpunt.dashboard.v1.Journeys", add.add_JourneysServicer_to_server, Journeys(database)),
        rpc.Door("speerpunt.dashboard.v1.Regions", add.add_RegionsServicer_to_server, Regions(database)),
    )


def _timestamp(at: Any) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(at)
    return found

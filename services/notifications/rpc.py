"""The gRPC door of notifications: what became of one notice, for services that need it now."""

from typing import Any

from speerpunt.notifications.v1 import notifications_pb2, notifications_pb2_grpc

from runtime import rpc
from runtime.postgres import Database
from runtime.problems import NotFound
from services.notifications.store import notices


class Delivery(notifications_pb2_grpc.DeliveryServicer):
    """GetNotice, within one consortium."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @rpc.allowed("service", "office")
    async def GetNotice(  # noqa: N802 - the contract's name
        self, request: notifications_pb2.GetNoticeRequest, context: Any
    ) -> notifications_pb2.GetNoticeResponse:
        """One notice, without an address. Raises NotFound."""
        notice_id = rpc.identifier("notice_id", request.notice_id)
        async with self._database.transaction(rpc.consortium(request.consortium_id)) as tx:
            found = await notices.by_id(tx, notice_id)
        if found is None:
            raise NotFound(what="notice")
        return notifications_pb2.GetNoticeResponse(
            notice_id=str(found.id),
            person_id=str(found.person_id),
            template=found.template,
            language=found.language,
            channel=found.channel,
            state=found.state.value,
            decided_at=found.decided_at.isoformat().replace("+00:00", "Z") if found.decided_at else "",
        )


def door(database: Database) -> rpc.Door:
    """Delivery, ready to be served."""
    return rpc.Door(
        "speerpunt.notifications.v1.Delivery",
        notifications_pb2_grpc.add_DeliveryServicer_to_server,
        Delivery(database),
    )

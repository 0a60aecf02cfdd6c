"""The gRPC door of notifications: what became of one notice, for services that need it now."""

from datetime import UTC, datetime
from typing import Any

from speerpunt.notifications.v1 import notifications_pb2, notifications_pb2_grpc

from runtime import rpc
from runtime.postgres import Database
from runtime.problems import InvalidInput, NotFound
from services.notifications.commands import telling as commands
from services.notifications.domain.telling import INSTALLATION, Details, of_alarm
from services.notifications.store import notices

ALARMS = ("lag", "dead-letters", "imbalance", "chain-broken", "deadline", "unverified")
LONGEST = 300


class Delivery(notifications_pb2_grpc.DeliveryServicer):
    """GetNotice and TellAlarm, within one consortium or none."""

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

    @rpc.allowed("service")
    async def TellAlarm(  # noqa: N802
        self, request: notifications_pb2.TellAlarmRequest, context: Any
    ) -> notifications_pb2.TellAlarmResponse:
        """Adds that an alarm was raised, or cleared, to what is to be told. Raises InvalidInput."""
        alarm_id = rpc.identifier("alarm_id", request.alarm_id)
        region = rpc.consortium(request.consortium_id) if request.consortium_id else INSTALLATION
        if request.kind not in ALARMS or len(request.about) > LONGEST or len(request.title) > LONGEST:
            raise InvalidInput(summary=f"kind is one of {', '.join(ALARMS)}; about and title have a bound.")
        details: Details = {
            "kind": request.kind,
            "about": request.about,
            "amount": request.amount,
            "bound": request.bound,
            "day": request.day or None,
            "title": request.title,
        }
        at = datetime.now(UTC)
        told = of_alarm(alarm_id, region, request.kind, details, at, cleared=request.cleared)
        async with self._database.transaction(region) as tx:
            await commands.tell_alarm(tx, told, at)
        return notifications_pb2.TellAlarmResponse()


def door(database: Database) -> rpc.Door:
    """Delivery, ready to be served."""
    return rpc.Door(
        "speerpunt.notifications.v1.Delivery",
        notifications_pb2_grpc.add_DeliveryServicer_to_server,
        Delivery(database),
    )

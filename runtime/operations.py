"""The Operations door of every service: what an operator asks of it and does to it, without SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from aiokafka.errors import KafkaError
from google.protobuf.timestamp_pb2 import Timestamp
from speerpunt.runtime.v1 import operations_pb2 as pb
from speerpunt.runtime.v1 import operations_pb2_grpc

from runtime import closing, ops, rpc
from runtime.consumer import Subscription
from runtime.masking import EVENT_TYPE
from runtime.postgres import Database
from runtime.problems import InvalidInput, NotFound, Unavailable
from runtime.settings import Settings

log = structlog.get_logger(__name__)

NAME = "speerpunt.runtime.v1.Operations"
USUAL = 100
MOST = 500
LONGEST_REASON = 500


class Operations(operations_pb2_grpc.OperationsServicer):
    """Counts, lag, dead letters, pause and resume, and journeys; of this service only."""

    def __init__(
        self,
        service: str,
        version: str,
        roles: Sequence[str],
        database: Database,
        settings: Settings,
        subscriptions: Sequence[Subscription],
    ) -> None:
        self._service = service
        self._version = version
        self._roles = sorted(roles)
        self._database = database
        self._settings = settings
        self._subscriptions = subscriptions

    @rpc.allowed("operator", "service")
    async def Describe(self, request: pb.DescribeRequest, context: Any) -> pb.DescribeResponse:  # noqa: N802
        """The service in numbers. Dead letters are those that wait; the outbox includes what was set aside."""
        found = await ops.summary(self._database)
        return pb.DescribeResponse(
            service=self._service,
            version=self._version,
            roles=self._roles,
            outbox_depth=found.outbox.waiting + found.outbox.aside,
            outbox_age_seconds=found.outbox.age_seconds,
            events_published=found.published,
            events_consumed=found.consumed,
            dead_letters=found.dead_letters_waiting,
            parked=found.parked,
            refused=found.refused,
        )

    @rpc.allowed("operator", "service")
    async def GetLag(self, request: pb.GetLagRequest, context: Any) -> pb.GetLagResponse:  # noqa: N802
        """How far each consumer is behind, by partition. Raises Unavailable when Kafka is away."""
        try:
            found = await ops.lag(self._database, self._settings, self._subscriptions)
        except KafkaError as error:
            log.info("lag-cannot-be-told", error=type(error).__name__)
            raise Unavailable(what="Kafka") from error
        return pb.GetLagResponse(
            consumers=[
                pb.ConsumerLag(
                    consumer=one.consumer,
                    topic=one.topic,
                    partition=one.partition,
                    committed=one.committed,
                    end=one.end,
                    lag=one.behind,
                    paused=one.paused,
                )
                for one in found
            ]
        )

    @rpc.allowed("operator", "service")
    async def ListDeadLetters(  # noqa: N802
        self, request: pb.ListDeadLettersRequest, context: Any
    ) -> pb.ListDeadLettersResponse:
        """A page of the dead letters that wait, oldest first, or of those that were settled, the last first; 100
        unless asked otherwise, 500 at most."""
        if request.limit < 0:
            raise InvalidInput(summary="limit is not negative.")
        after = rpc.identifier("after", request.after) if request.after else None
        most = min(request.limit or USUAL, MOST)
        if request.settled:
            found = await ops.settled(self._database, limit=most)
        else:
            found = await ops.waiting(self._database, limit=most, after=after)
        return pb.ListDeadLettersResponse(dead_letters=[_letter(letter) for letter in found])

    @rpc.allowed("operator", "service")
    async def GetDeadLetter(  # noqa: N802
        self, request: pb.GetDeadLetterRequest, context: Any
    ) -> pb.GetDeadLetterResponse:
        """One dead letter, waiting or settled, its payload masked. Raises NotFound."""
        dead_letter_id = rpc.identifier("dead_letter_id", request.dead_letter_id)
        found = await ops.opened(self._database, self._subscriptions, dead_letter_id)
        return pb.GetDeadLetterResponse(
            dead_letter=_letter(found.letter),
            envelope=found.envelope,
            payload=found.payload,
            payload_bytes=found.payload_bytes,
            stack=found.stack,
        )

    @rpc.allowed("operator", "service")
    async def Replay(self, request: pb.ReplayRequest, context: Any) -> pb.ReplayResponse:  # noqa: N802
        """Handles a dead letter again, and keeps who asked. Raises NotFound, ReplayFailed and ReplayLater."""
        dead_letter_id = rpc.identifier("dead_letter_id", request.dead_letter_id)
        by = rpc.actor().key
        return pb.ReplayResponse(handled=await ops.replay(self._database, self._subscriptions, dead_letter_id, by))

    @rpc.allowed("operator", "service")
    async def Discard(self, request: pb.DiscardRequest, context: Any) -> pb.DiscardResponse:  # noqa: N802
        """Gives a dead letter up, and keeps who asked and why. Raises InvalidInput without a reason, else as Replay."""
        dead_letter_id = rpc.identifier("dead_letter_id", request.dead_letter_id)
        because = request.reason.replace("\0", "").strip()
        if not because or len(because) > LONGEST_REASON:
            raise InvalidInput(summary=f"say why in reason, in at most {LONGEST_REASON} characters.")
        by = rpc.actor().key
        handled = await ops.discard(self._database, self._subscriptions, dead_letter_id, because, by)
        return pb.DiscardResponse(handled=handled)

    @rpc.allowed("operator", "service")
    async def Pause(self, request: pb.PauseRequest, context: Any) -> pb.PauseResponse:  # noqa: N802
        """Holds a consumer of this service. Raises NotFound."""
        await ops.pause(self._database, self._consumer(request.consumer))
        return pb.PauseResponse()

    @rpc.allowed("operator", "service")
    async def Resume(self, request: pb.ResumeRequest, context: Any) -> pb.ResumeResponse:  # noqa: N802
        """Lets a consumer of this service go on. Raises NotFound."""
        await ops.resume(self._database, self._consumer(request.consumer))
        return pb.ResumeResponse()

    @rpc.allowed("operator", "service")
    async def Follow(self, request: pb.FollowRequest, context: Any) -> pb.FollowResponse:  # noqa: N802
        """What this service received and published under one correlation id, in the order in which it did."""
        found = await ops.follow(self._database, rpc.identifier("correlation_id", request.correlation_id))
        return pb.FollowResponse(
            steps=[
                pb.Step(
                    service=self._service,
                    consumer=step.consumer,
                    type=step.type,
                    event_id=step.event_id,
                    trace_id=step.trace_id or "",
                    occurred_at=_timestamp(step.occurred_at) if step.occurred_at else None,
                    published_at=_timestamp(step.published_at),
                    handled_at=_timestamp(step.handled_at) if step.handled_at else None,
                    published=bool(step.topic),
                    topic=step.topic,
                )
                for step in found
            ]
        )

    @rpc.allowed("operator", "service")
    async def ListClosedRegions(  # noqa: N802
        self, request: pb.ListClosedRegionsRequest, context: Any
    ) -> pb.ListClosedRegionsResponse:
        """The regions that are closed, as far as this service has heard."""
        return pb.ListClosedRegionsResponse(
            regions=[
                pb.ClosedRegion(
                    consortium_id=str(each.consortium_id),
                    since=_timestamp(each.since),
                    reason=each.reason,
                    version=each.seq,
                )
                for each in await closing.closed(self._database.pool)
            ]
        )

    def _consumer(self, name: str) -> str:
        if all(name != one.name for one in self._subscriptions):
            raise NotFound(what="consumer")
        return name


def door(
    service: str,
    version: str,
    roles: Sequence[str],
    database: Database,
    settings: Settings,
    subscriptions: Sequence[Subscription],
) -> rpc.Door:
    """Operations of this service, ready to be served."""
    servicer = Operations(service, version, roles, database, settings, subscriptions)
    return rpc.Door(NAME, operations_pb2_grpc.add_OperationsServicer_to_server, servicer)


def _letter(letter: ops.DeadLetter) -> pb.DeadLetter:
    return pb.DeadLetter(
        id=str(letter.dead_letter_id),
        consumer=letter.consumer,
        record=letter.record,
        code=letter.code,
        reason=letter.reason,
        at=_timestamp(letter.at),
        state=letter.state,
        parked_behind=letter.parked_behind,
        type=letter.type if EVENT_TYPE.fullmatch(letter.type) else "",
        closed_by=letter.closed_by or "",
        closed_because=letter.closed_because or "",
        closed_at=_timestamp(letter.closed_at) if letter.closed_at else None,
    )


def _timestamp(at: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(at)
    return found

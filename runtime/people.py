"""Who a signed-in account is: asked from partners, and remembered for a few seconds only."""

import time
from collections import OrderedDict
from collections.abc import Callable
from uuid import UUID

from speerpunt.partners.v1 import partners_pb2 as pb
from speerpunt.partners.v1 import partners_pb2_grpc as pb_grpc

from runtime.rpc import Client

REMEMBERED_SECONDS = 5.0
"""An ended link holds everywhere within this time; a burst of requests by one person asks partners once."""
REMEMBERED = 10_000


class People:
    """The person behind an account. That somebody is unknown is not remembered: a new link holds at once."""

    def __init__(self, partners: Client, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = partners
        self._stub = pb_grpc.PartnerDirectoryStub(partners.channel)
        self._clock = clock
        self._known: OrderedDict[tuple[UUID, str, str], tuple[UUID, float]] = OrderedDict()

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        """None when the account is linked to nobody. Raises Unavailable when partners is away, RemoteProblem when it
        refuses."""
        account = (consortium_id, issuer, subject)
        person, until = self._known.get(account, (None, 0.0))
        if person is not None and self._clock() < until:
            return person
        question = pb.ResolvePersonRequest(consortium_id=str(consortium_id), issuer=issuer, subject=subject)
        answer = await self._client.call(self._stub.ResolvePerson, question, again=True)
        self._known.pop(account, None)
        if not answer.person_id:
            return None
        person = UUID(answer.person_id)
        self._known[account] = (person, self._clock() + REMEMBERED_SECONDS)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return person

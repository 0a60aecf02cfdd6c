"""What funding asks of other services. Never inside a transaction: the client refuses that."""

from uuid import UUID

from speerpunt.partners.v1 import partners_pb2 as pb
from speerpunt.partners.v1 import partners_pb2_grpc as pb_grpc

from runtime.rpc import Client


class People:
    """The person behind an account, as partners knows it: asked each time, so that an ended link holds at once."""

    def __init__(self, partners: Client) -> None:
        self._client = partners
        self._stub = pb_grpc.PartnerDirectoryStub(partners.channel)

    async def person_for(self, consortium_id: UUID, issuer: str, subject: str) -> UUID | None:
        """None when the account is linked to nobody. Raises Unavailable when partners is away."""
        question = pb.ResolvePersonRequest(consortium_id=str(consortium_id), issuer=issuer, subject=subject)
        answer = await self._client.call(self._stub.ResolvePerson, question)
        return UUID(answer.person_id) if answer.person_id else None

"""What funding asks of other services. Never inside a transaction: the client refuses that."""

from datetime import date
from uuid import UUID

from speerpunt.partners.v1 import partners_pb2 as pb
from speerpunt.partners.v1 import partners_pb2_grpc as pb_grpc

from runtime.problems import Kind
from runtime.rpc import Client, RemoteProblem
from services.funding.domain.programme import Programme, ProgrammeLine


class Programmes:
    """The programme as its owner has it now, for when the copy here does not know a line."""

    def __init__(self, partners: Client) -> None:
        self._client = partners
        self._stub = pb_grpc.PartnerDirectoryStub(partners.channel)

    async def programme(self, consortium_id: UUID) -> Programme | None:
        """The programme that started last; None when there is none. Raises Unavailable when partners is away."""
        request = pb.GetProgrammeRequest(consortium_id=str(consortium_id))
        try:
            told = await self._client.call(self._stub.GetProgramme, request)
        except RemoteProblem as problem:
            if problem.kind is Kind.NOT_FOUND:
                return None
            raise
        lines = [
            ProgrammeLine(
                line.code,
                "spearhead" if line.kind == pb.LINE_KIND_SPEARHEAD else "location",
                line.title,
                not line.without_budget,
            )
            for line in told.lines
        ]
        first, last = date.fromisoformat(told.from_day), date.fromisoformat(told.until_day)
        return Programme(first, last, {line.code: line for line in lines})

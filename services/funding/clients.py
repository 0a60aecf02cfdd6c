"""What funding asks of other services. Never inside a transaction: the client refuses that."""

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from speerpunt.partners.v1 import partners_pb2 as pb
from speerpunt.partners.v1 import partners_pb2_grpc as pb_grpc

from runtime.problems import Kind, Problem, Unavailable
from runtime.rpc import Client, RemoteProblem
from services.funding.domain.programme import Programme, ProgrammeLine

Question = tuple[UUID, UUID, date]
"""Region, organisation and day: did it take part?"""


class Programmes:
    """The programme as its owner has it now, for when the copy here does not know a line."""

    def __init__(self, partners: Client) -> None:
        self._client = partners
        self._stub = pb_grpc.PartnerDirectoryStub(partners.channel)

    async def programme(self, consortium_id: UUID) -> Programme | None:
        """The programme that started last; None when there is none. Raises Unavailable when partners is away."""
        request = pb.GetProgrammeRequest(consortium_id=str(consortium_id))
        try:
            told = await self._client.call(self._stub.GetProgramme, request, again=True)
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


class PledgeNotHeard(Problem, kind=Kind.UNAVAILABLE):
    """This organisation has pledged, and partners has not heard of that yet. Try again in a moment."""


class Audiences:
    """Who is in an audience, as its owner knows it now: asked before forms are issued."""

    def __init__(self, partners: Client) -> None:
        self._client = partners
        self._stub = pb_grpc.PartnerDirectoryStub(partners.channel)

    async def organisations(self, consortium_id: UUID, audiences: Collection[str]) -> frozenset[UUID]:
        """The organisations that are in one of these audiences today: ids, and no person.

        Raises RemoteProblem for an audience that partners does not have, and Unavailable when it is away.
        """
        request = pb.ListAudienceRequest(consortium_id=str(consortium_id), audiences=sorted(audiences))
        told = await self._client.call(self._stub.ListAudience, request, again=True)
        return frozenset(UUID(each) for each in told.organisation_ids)


class Standings:
    """The standing of organisations as its owner knows it: asked before anything is refused for lack of it."""

    MOST = 500

    def __init__(self, partners: Client) -> None:
        self._client = partners
        self._stub = pb_grpc.PartnerDirectoryStub(partners.channel)

    async def stand(
        self, questions: Collection[Question], pledged: Collection[Question] = ()
    ) -> Mapping[Question, bool]:
        """Whether each organisation counts as a partner on its day, by the region's policy.

        `pledged` are those for which a pledge is on record here. A "no" that does not know of it is older than that
        pledge, and no answer. Raises PledgeNotHeard for one, and Unavailable when partners does not answer, whatever
        the cause: no answer is not a negative one.
        """
        asked = sorted(questions)
        found: dict[Question, bool] = {}
        for start in range(0, len(asked), self.MOST):
            part = asked[start : start + self.MOST]
            request = pb.BatchGetStandingRequest(
                questions=[
                    pb.GetStandingRequest(
                        consortium_id=str(region), organisation_id=str(organisation), day=day.isoformat()
                    )
                    for region, organisation, day in part
                ]
            )
            try:
                told = await self._client.call(self._stub.BatchGetStanding, request, again=True)
            except RemoteProblem as problem:
                raise Unavailable(what="partners", retry_after_seconds=2) from problem
            if len(told.answers) != len(part):
                raise Unavailable(what="partners", retry_after_seconds=2)
            for question, answer in zip(part, told.answers, strict=True):
                if not answer.suffices and question in pledged and not _knows_of_a_pledge(answer):
                    raise PledgeNotHeard(retry_after_seconds=1)
                found[question] = answer.suffices
        return found


def _knows_of_a_pledge(answer: pb.GetStandingResponse) -> bool:
    return pb.STANDING_BASIS_PLEDGE in (answer.basis, *answer.bases)

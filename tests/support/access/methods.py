"""The same cells for gRPC: every method of every door, called over a real server."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory

from runtime import rpc
from runtime.access import Access, Reach, Verdict
from runtime.ids import new_id
from tests.support.access import examples
from tests.support.access.cells import NOBODY, Cell, Two, cells, leaked
from tests.support.access.installation import Installation, Opened
from tests.support.access.region import LINE, Region

SECONDS = 20
REFUSED = {grpc.StatusCode.UNAUTHENTICATED: True, grpc.StatusCode.PERMISSION_DENIED: False}
FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNIMPLEMENTED}


@dataclass(frozen=True, slots=True)
class Method:
    """One method that a service answers, and who may call it."""

    service: str
    name: str
    access: Access

    def request(self, of: Region, region: Region) -> Any:
        """The question for what is `of` one region, asked in the name of `region`."""
        known = {
            "consortium_id": str(region.id),
            "organisation_id": str(of.own.id(of.own.company)),
            "reservation_id": of.found.get("company-commitment", str(new_id())),
            "activity_id": of.found.get("activity", str(new_id())),
            "id": of.own.mark,
            "line": LINE,
            "day": "2023-05-02",
            "audience": "everyone",
            "kind": "lag",
            "consumer": "nobody",
            **dict.fromkeys(("as_of", "known_on"), "2023-05-02"),
        }
        return examples.of_message(message_factory.GetMessageClass(self._described.input_type), known)

    @property
    def _described(self) -> Any:
        service, _, name = self.name.removeprefix("/").partition("/")
        return descriptor_pool.Default().FindServiceByName(service).methods_by_name[name]

    def stub(self, channel: grpc.aio.Channel) -> Any:
        answer = message_factory.GetMessageClass(self._described.output_type)
        return channel.unary_unary(
            self.name, request_serializer=lambda sent: sent.SerializeToString(), response_deserializer=answer.FromString
        )


def methods(opened: Opened) -> list[Method]:
    """Every method of the doors of a service. Raises Undeclared for one that does not say who may call it."""
    return [Method(opened.name, name, rpc.access(name, roles)) for name, roles in rpc.declared(opened.doors).items()]


def asked(method: Method) -> Iterator[Cell]:
    """The cells of a method: one that names no consortium has no foreign one, and scopes are of HTTP."""
    for cell in cells(method.access):
        if cell.scoped and (cell.where == "ours" or method.access.reach is not Reach.INSTALLATION):
            yield cell


async def call(installation: Installation, channel: grpc.aio.Channel, method: Method, cell: Cell, two: Two) -> str:
    """Calls, and what is wrong with what became of it; nothing when it is as declared."""
    of = two.ours if cell.where == "ours" else two.neighbour
    request = method.request(of, two.neighbour if cell.where == "by name" else two.ours)
    who, expected = cell.who(two, method.access), cell.verdict(method.access)
    metadata = () if who is None else (("authorization", await installation.issuer.authorization(who)),)
    status, said = grpc.StatusCode.OK, ""
    try:
        said = str(await method.stub(channel)(request, timeout=SECONDS, metadata=metadata)).lower()
    except grpc.aio.AioRpcError as error:
        status, said = error.code(), (error.details() or "").lower()
    found = f"{method.name}: {cell}: {status.name}"
    if status in FAULTS:
        return f"{found}: a fault of ours: {said}"
    if (status in REFUSED) is not (expected is Verdict.DENIED):
        return f"{found}: declared to be {expected.value}"
    if status in REFUSED and REFUSED[status] is not (cell.role == NOBODY):
        return f"{found}: whoever has a token is told that it does not allow this, whoever has none to sign in"
    if what := leaked(method.access, cell, two, str(request), expected, said):
        return f"{found}: {what}"
    return ""

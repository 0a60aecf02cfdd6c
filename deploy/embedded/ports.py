"""Ports on this machine: random free ones per run, or the ones asked for."""

import os
import random
import socket
from collections.abc import Mapping

from deploy.embedded.problems import CannotStart

RANGE = range(20_000, 32_000)
"""Below Linux's range for outgoing connections, so that nobody's client takes a port between our look and our use."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback address now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def asked_for(text: str | None = None) -> dict[str, int]:
    """The fixed ports of SPEERPUNT_PORTS, such as `partners.http=8001,kafka=9092`."""
    wanted = {}
    for part in (os.environ.get("SPEERPUNT_PORTS", "") if text is None else text).replace(",", " ").split():
        name, _, number = part.partition("=")
        if not number.isdigit() or not 0 < int(number) < 65_536:
            raise CannotStart(f"PORTS says {part!r}; write name=port, for example PORTS=partners.http=8001,kafka=9092.")
        wanted[name] = int(number)
    return wanted


class Ports:
    """Hands out each port once."""

    def __init__(self, wanted: Mapping[str, int] | None = None) -> None:
        self._wanted = asked_for() if wanted is None else dict(wanted)
        self._given: set[int] = set(self._wanted.values())

    def take(self, name: str) -> int:
        """The port for `name`. A fixed one that is taken is a sentence."""
        if (fixed := self._wanted.get(name)) is not None:
            if not is_free(fixed):
                raise CannotStart(
                    f"Port {fixed}, asked for as {name}, is in use by another program. "
                    f"Stop that program, or ask for another port: PORTS={name}={fixed + 1}."
                )
            return fixed
        for _ in range(1_000):
            port = random.choice(RANGE)
            if port not in self._given and is_free(port):
                self._given.add(port)
                return port
        raise CannotStart("No free port was found between 20000 and 32000. Stop programs that listen there.")

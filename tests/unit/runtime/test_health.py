"""An orchestrator that asks by command hears whether the service is ready."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from runtime.health import ready


class Door(BaseHTTPRequestHandler):
    """Answers as its server says, on the one path that tells."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silence."""


@pytest.fixture
def port() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_a_ready_service_is_well_and_one_that_drains_or_is_gone_is_not(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ready(port) is None
    monkeypatch.setattr(Door, "status", 503)
    assert "not ready" in (ready(port) or "")
    assert "Nothing answers" in (ready(1) or "")

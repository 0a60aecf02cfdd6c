"""What every test may ask for: see tests/support/servers.py."""

from runtime import telemetry
from tests.support.servers import database_for, databases, kafka, servers

telemetry.set_up_logs("tests", "INFO")
"""As in a service: otherwise an expected error is drawn in colour, with its source, for seconds."""

__all__ = ["database_for", "databases", "kafka", "servers"]

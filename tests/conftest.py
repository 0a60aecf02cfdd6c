"""What every test may ask for: see tests/support/servers.py."""

from tests.support.servers import database_for, databases, kafka, servers

__all__ = ["database_for", "databases", "kafka", "servers"]

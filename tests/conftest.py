"""What every test may ask for: see tests/support/servers.py."""

import hypothesis

from runtime import telemetry
from tests.support.servers import database_for, databases, kafka, servers

telemetry.set_up_logs("tests", "INFO")
"""As in a service: otherwise an expected error is drawn in colour, with its source, for seconds."""

hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")
"""An example's time on the wall says how busy the machine is; how long a test may take is pytest's timeout."""

__all__ = ["database_for", "databases", "kafka", "servers"]

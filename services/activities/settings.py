"""What can be set for activities, beyond what every service has."""

import runtime.settings


class Settings(runtime.settings.Settings):
    """All in seconds."""

    hold_poll_seconds: float = 30
    budget_poll_seconds: float = 0.5

"""What can be set for notifications, beyond what every service has."""

import runtime.settings


class Settings(runtime.settings.Settings):
    """What every service has."""

"""What can be set for partners: nothing beyond what every service has."""

import runtime.settings


class Settings(runtime.settings.Settings):
    """The settings of this service."""

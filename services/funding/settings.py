"""What can be set for funding, beyond what every service has."""

import runtime.settings


class Settings(runtime.settings.Settings):
    """The books are sealed with the key in `seal_key_file`.

    Where a region stands is told once in `position_interval_seconds`, if it moved.
    """

    seal_interval_seconds: float = 0.25
    position_interval_seconds: float = 1.0

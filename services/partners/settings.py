"""What can be set for partners: what every service has, and how often it looks for what may be erased."""

import runtime.settings


class Settings(runtime.settings.Settings):
    """Names that no hold keeps any more are looked for every `erasure_interval_seconds`."""

    erasure_interval_seconds: float = 60.0

"""What can be set for notifications, beyond what every service has."""

from typing import Literal

from pydantic import SecretStr

import runtime.settings


class Settings(runtime.settings.Settings):
    """How mail is sent, and how often the loops look. `starttls` asks the server to encrypt; `auto` when it can.

    `operators_mail` are the addresses, with commas between, where alarms of the installation go.
    """

    smtp_tls: Literal["auto", "starttls", "always", "never"] = "auto"
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_timeout_seconds: float = 20
    send_poll_seconds: float = 0.5
    remind_poll_seconds: float = 20
    unknown_after_seconds: float = 300
    give_up_after_seconds: float = 86_400
    operators_mail: str = ""
    operators_language: Literal["nl", "sv", "en"] = "nl"

"""What can be set for funding, beyond what every service has."""

from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

import runtime.settings
from runtime.http.middleware import MOST_BODY_BYTES
from runtime.settings import Environment

_FOR_DEVELOPMENT = "only for development"


class Settings(runtime.settings.Settings):
    """The books are sealed with the key in `seal_key_file`.

    Where a region stands is told once in `position_interval_seconds`, if it moved. Approved divisions whose day has
    come are looked for every `effect_interval_seconds`, commitments whose last day is over every
    `expiry_interval_seconds`, deadlines of schemes that became known every `calendar_interval_seconds`.

    Evidence is stored in `evidence_folder`, or in the database when there is none; a file has `most_evidence_bytes` at
    most. All processes of the service, and its backups, need that folder.

    `fingerprint_key` keys the fingerprints of evidence and of workers' time that regions compare. Production needs one
    of its own, of 32 characters or more. To replace it, put the old one in front of `fingerprint_keys_before`
    (separated by spaces), for as long as what was claimed under it must be recognised.

    `giving_prefix` is what 360Giving registered for the publisher of this installation's grants, as 360G-example.
    """

    seal_interval_seconds: float = 0.25
    position_interval_seconds: float = 1.0
    effect_interval_seconds: float = 5.0
    expiry_interval_seconds: float = 60.0
    evidence_folder: Path | None = None
    most_evidence_bytes: int = Field(default=5 * 1024 * 1024, ge=1, le=MOST_BODY_BYTES)
    calendar_interval_seconds: float = 1.0
    fingerprint_key: SecretStr = Field(default=SecretStr(_FOR_DEVELOPMENT), validate_default=True)
    fingerprint_keys_before: SecretStr = SecretStr("")
    giving_prefix: str = Field(default="", pattern=r"^(360G-[A-Za-z0-9_]{1,40})?$")

    @field_validator("fingerprint_key")
    @classmethod
    def _is_one_of_our_own(cls, key: SecretStr, info: ValidationInfo) -> SecretStr:
        if info.data.get("environment") is Environment.PRODUCTION and len(key.get_secret_value()) < 32:
            raise ValueError("production needs a secret of 32 characters or more")
        return key

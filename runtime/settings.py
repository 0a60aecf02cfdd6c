"""Settings come from the environment, all with the prefix SPEERPUNT_; a wrong one is a sentence, not a stack."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SECRETS_FOLDER = "/run/secrets"
"""Where an orchestrator puts secrets as files; SPEERPUNT_SECRETS_FOLDER names another."""


class Environment(StrEnum):
    """Where this process runs. Production refuses everything that is only for development."""

    DEVELOPMENT = "development"
    TEST = "test"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """What every service needs. Ports of 0 mean: any free one, named in the ready file.

    With the three `grpc_*_file`s (PEM) services prove to each other who they are, and nobody without a certificate of
    that authority gets in; with none of them gRPC is for one machine or for a network that does this itself.

    Asked to stop, a process says for `drain_notice_seconds` that it is not ready and serves on, so that whatever sends
    it requests can look elsewhere; then each of its roles has `drain_timeout_seconds` to finish what it has in hand.
    """

    model_config = SettingsConfigDict(env_prefix="SPEERPUNT_", extra="ignore", frozen=True)

    environment: Environment = Environment.DEVELOPMENT
    database_url: SecretStr = SecretStr("")
    owner_database_url: SecretStr = SecretStr("")
    app_role: str = ""
    kafka_bootstrap: str = "127.0.0.1:9092"
    topic_prefix: str = ""
    kafka_security_protocol: Literal["SASL_PLAINTEXT", "SASL_SSL"] = "SASL_SSL"
    kafka_username: str = ""
    kafka_password: SecretStr = SecretStr("")
    kafka_ca_file: Path | None = None
    group_session_timeout_ms: int = 10_000
    http_host: str = "127.0.0.1"
    http_port: int = 0
    grpc_host: str = "127.0.0.1"
    grpc_port: int = 0
    grpc_ca_file: Path | None = None
    grpc_certificate_file: Path | None = None
    grpc_key_file: Path | None = None
    issuer: str = ""
    jwks_url: str = ""
    audience: str = "speerpunt"
    token_url: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    partners_grpc: str = ""
    funding_grpc: str = ""
    activities_grpc: str = ""
    notifications_grpc: str = ""
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    mail_from: str = "speerpunt@speerpunt.example"
    seal_key_file: Path | None = None
    telemetry_otlp: str = ""
    telemetry_file: Path | None = None
    telemetry_sample: float = Field(default=1.0, ge=0, le=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    failpoints: str = ""
    cors_origins: str = ""
    ready_file: Path | None = None
    drain_notice_seconds: float = Field(default=0, ge=0, le=120)
    drain_timeout_seconds: float = 10
    requests_per_minute: int = 6_000
    outbox_most_facts: int = Field(default=100_000, ge=1)
    outbox_most_bytes: int = Field(default=256 * 1024 * 1024, ge=1)

    @model_validator(mode="after")
    def _a_certificate_is_whole(self) -> Self:
        files = (self.grpc_ca_file, self.grpc_certificate_file, self.grpc_key_file)
        if any(files) and not all(files):
            raise ValueError("mutual TLS needs GRPC_CA_FILE, GRPC_CERTIFICATE_FILE and GRPC_KEY_FILE, all three")
        return self

    @property
    def production(self) -> bool:
        return self.environment is Environment.PRODUCTION


S = TypeVar("S", bound=Settings)


def load(kind: type[S]) -> S:
    """The settings of this process: from its environment, else from files named like the variables in the folder of
    secrets. Ends it with code 2 and a sentence per wrong one."""
    folder = Path(os.environ.get("SPEERPUNT_SECRETS_FOLDER", SECRETS_FOLDER))
    try:
        return kind(_secrets_dir=folder if folder.is_dir() else None)
    except ValidationError as error:
        for wrong in error.errors(include_input=False, include_url=False):
            name = "_".join(("SPEERPUNT", *(str(part) for part in wrong["loc"]))).upper()
            sys.stderr.write(
                f"The setting {name} is not usable: {wrong['msg']}. Set that environment variable and start again.\n"
            )
        sys.exit(2)

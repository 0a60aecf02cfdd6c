"""A user of the cluster, in the words of each of its clients."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runtime import kafka
from runtime.settings import Settings

ADMIN = "admin"
"""Makes users and rules; may do everything."""
BROKER = "broker"
"""The brokers among themselves, and to their controllers."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where the cluster is, and what proves who we are."""

    bootstrap: str
    user: str
    password: str = field(repr=False)
    protocol: str = "SASL_PLAINTEXT"
    ca_file: Path | None = None

    def settings(self) -> dict[str, Any]:
        """As arguments of `Settings`."""
        return {
            "kafka_bootstrap": self.bootstrap,
            "kafka_security_protocol": self.protocol,
            "kafka_username": self.user,
            "kafka_password": self.password,
            **({"kafka_ca_file": str(self.ca_file)} if self.ca_file else {}),
        }

    def variables(self, prefix: str = "SPEERPUNT_") -> dict[str, str]:
        """As a process finds them in its environment."""
        return {prefix + name.upper(): value for name, value in self.settings().items()}

    def client(self) -> dict[str, Any]:
        """As arguments of a client of aiokafka."""
        return kafka.connection(Settings(**self.settings()))

    @classmethod
    def of(cls, settings: Settings) -> "Login":
        """The login of a process with these settings."""
        return cls(
            settings.kafka_bootstrap,
            settings.kafka_username,
            settings.kafka_password.get_secret_value(),
            settings.kafka_security_protocol,
            settings.kafka_ca_file,
        )

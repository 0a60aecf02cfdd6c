"""The loop that seals: what was booked in any region becomes part of its chain within a second."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from runtime.postgres import Database
from runtime.ticking import every
from services.funding.commands.ledger import seal_next
from services.funding.domain.chain import SealingKey
from services.funding.store.ledger import consortia_to_seal

log = structlog.get_logger(__name__)


class NoSealingKey(RuntimeError):
    """There is no key to seal with."""


def sealing_key(file: str | Path | None) -> SealingKey:
    """The Ed25519 key in this PEM file. Raises NoSealingKey, with what to do."""
    if not file:
        raise NoSealingKey(
            "Set SPEERPUNT_SEAL_KEY_FILE to a PEM file with an Ed25519 private key; the books are sealed with it."
        )
    try:
        key = load_pem_private_key(Path(file).read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise NoSealingKey(f"The key in SPEERPUNT_SEAL_KEY_FILE cannot be read ({type(error).__name__}).") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NoSealingKey("The key in SPEERPUNT_SEAL_KEY_FILE is not an Ed25519 key; make one of that kind.")
    return SealingKey(key)


class Sealer:
    """Seals every region's unsealed entries, batch after batch. Several may run: per region one at a time works."""

    def __init__(
        self,
        database: Database,
        key: SealingKey,
        *,
        interval_seconds: float = 0.25,
        most: int = 1_000,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._database = database
        self._key = key
        self._interval_seconds = interval_seconds
        self._most = most
        self._clock = clock

    async def run_once(self) -> int:
        """Seals what there is now; the number of batches it made."""
        batches = 0
        for consortium_id in await consortia_to_seal(self._database):
            made = True
            while made:
                async with self._database.transaction(consortium_id) as tx:
                    made = await seal_next(tx, self._key, at=self._clock(), most=self._most) is not None
                batches += made
        return batches

    async def run(self, stop: asyncio.Event) -> None:
        """Seals until told to stop."""
        await every(self._interval_seconds, self.run_once, stop, name="sealer")

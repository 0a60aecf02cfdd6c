"""Storing a document, and claiming with what was stored."""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from runtime.postgres import Tx
from services.funding.domain.claim import Evidence
from services.funding.domain.evidence import KEPT_HERE, MOST_UNCLAIMED, EvidenceNotStored, TooManyUnclaimed
from services.funding.store import evidence as store


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that is kept here."""

    sha256: str
    media_type: str
    size: int


async def keep(
    tx: Tx,
    media_type: str,
    content: bytes,
    folder: Path | None,
    *,
    organisations: Collection[UUID],
    by: UUID,
    at: datetime,
) -> Stored:
    """Stores a document that was checked, once per hash and region. Raises TooManyUnclaimed."""
    sha256 = hashlib.sha256(content).hexdigest()
    if await store.unclaimed(tx, by, sha256) >= MOST_UNCLAIMED:
        raise TooManyUnclaimed(most=MOST_UNCLAIMED)
    if folder is not None:
        await store.put_in_folder(folder, tx.consortium_id, sha256, content)
    in_row = content if folder is None else None
    kept = await store.insert(tx, sha256, media_type, len(content), in_row, by, organisations, at)
    return Stored(sha256, kept, len(content))


async def claimable(
    tx: Tx, evidence: Sequence[Evidence], by: UUID, own: Collection[UUID] | None
) -> tuple[Evidence, ...]:
    """Evidence with the type and place of what is stored here. Raises EvidenceNotStored for what this person did not
    store, so that a hash that somebody overheard opens nothing."""
    wanted = [each.sha256 for each in evidence if each.stored]
    kept = await store.to_claim_with(tx, wanted, by, own) if wanted else {}
    for sha256 in wanted:
        if sha256 not in kept:
            raise EvidenceNotStored(sha256=sha256)
    return tuple(
        replace(each, media_type=kept[each.sha256], kept_at=f"{KEPT_HERE}{each.sha256}") if each.stored else each
        for each in evidence
    )

"""Documents that are kept here: in the database, or in a folder when the installation has one for them."""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from uuid import UUID

from runtime.postgres import Tx
from services.funding.domain.evidence import EvidenceDamaged
from services.funding.store import Q


def _place(folder: Path, region: UUID, sha256: str) -> Path:
    return folder / str(region) / sha256[:2] / sha256


def _put(place: Path, content: bytes) -> None:
    """Whole or not at all: written beside it, flushed, and renamed."""
    if place.exists() and hashlib.sha256(place.read_bytes()).hexdigest() == place.name:
        return
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, beside = tempfile.mkstemp(dir=place.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(place)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    directory = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


async def put_in_folder(folder: Path, region: UUID, sha256: str, content: bytes) -> None:
    """Writes a document into the folder, before the row that names it."""
    await asyncio.to_thread(_put, _place(folder, region, sha256), content)


async def insert(
    tx: Tx,
    sha256: str,
    media_type: str,
    size: int,
    content: bytes | None,
    by: UUID,
    organisations: Collection[UUID],
    at: datetime,
) -> str:
    """Keeps a document, without content when it is in the folder, and who had it; its type as stored first."""
    await Q.insert_evidence_file.execute(tx, tx.consortium_id, sha256, media_type, size, content, at)
    await Q.insert_evidence_upload.execute(tx, tx.consortium_id, sha256, by, list(organisations), at)
    kept: str = await Q.evidence_media_type.value(tx, tx.consortium_id, sha256)
    return kept


async def unclaimed(tx: Tx, by: UUID, besides: str) -> int:
    """How many documents a person stored that no claim names, besides this one."""
    count: int = await Q.unclaimed_uploads.value(tx, tx.consortium_id, by, besides)
    return count


async def to_claim_with(tx: Tx, hashes: Collection[str], by: UUID, own: Collection[UUID] | None) -> dict[str, str]:
    """Hash -> media type of those of these documents that this person may claim with."""
    whose = None if own is None else list(own)
    rows = await Q.evidence_to_claim_with.rows(tx, tx.consortium_id, list(hashes), by, whose)
    return {row["sha256"]: row["media_type"] for row in rows}


async def content(tx: Tx, folder: Path | None, sha256: str) -> bytes:
    """The bytes of a document, checked against its hash. Raises EvidenceDamaged."""
    row = await Q.evidence_content.row(tx, tx.consortium_id, sha256)
    found: bytes | None = None if row is None else row["content"]
    if found is None and folder is not None:
        try:
            found = await asyncio.to_thread(_place(folder, tx.consortium_id, sha256).read_bytes)
        except OSError:
            found = None
    if found is None or hashlib.sha256(found).hexdigest() != sha256:
        raise EvidenceDamaged(sha256=sha256)
    return found

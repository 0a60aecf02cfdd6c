"""Claims and what proves them, as rows."""

from collections.abc import Collection
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.claim import Claim, Evidence
from services.funding.store import Q


async def insert(tx: Tx, claim: Claim) -> None:
    """Adds a submitted claim with its evidence."""
    await Q.insert_claim.execute(
        tx,
        tx.consortium_id,
        claim.id,
        claim.commitment_id,
        claim.line,
        claim.organisation_id,
        claim.cents,
        claim.about,
        claim.submitted_by,
        claim.submitted_at,
        claim.version,
    )
    await Q.insert_claim_evidence.execute(
        tx,
        tx.consortium_id,
        claim.id,
        [each.sha256 for each in claim.evidence],
        [each.media_type for each in claim.evidence],
        [each.kept_at for each in claim.evidence],
        [each.sha256 if each.stored else None for each in claim.evidence],
    )


async def commitment_of(tx: Tx, claim_id: UUID) -> UUID | None:
    commitment: UUID | None = await Q.claim_commitment.value(tx, tx.consortium_id, claim_id)
    return commitment


async def lock(tx: Tx, claim_id: UUID) -> Claim | None:
    """A claim, for whoever decides on it; its commitment is locked before."""
    await Q.lock_claim.row(tx, tx.consortium_id, claim_id)
    return next(iter(await claims(tx, claim_id=claim_id)), None)


async def save(tx: Tx, claim: Claim) -> None:
    await Q.update_claim.execute(
        tx,
        tx.consortium_id,
        claim.id,
        claim.state,
        claim.decided_by,
        claim.decided_at,
        claim.reason_code,
        claim.reason,
        claim.paid_on,
        claim.paid_reference,
        claim.reversed_by,
        claim.version,
    )


async def claims(
    tx: Tx,
    *,
    claim_id: UUID | None = None,
    commitment_id: UUID | None = None,
    organisations: Collection[UUID] | None = None,
    state: str | None = None,
    after: UUID | None = None,
    limit: int = 200,
) -> list[Claim]:
    """Claims in order of id; `organisations` bounds whose."""
    whose = None if organisations is None else list(organisations)
    rows = await Q.claims.rows(tx, tx.consortium_id, claim_id, commitment_id, whose, state, after, limit)
    return [_claim(row) for row in rows]


def _claim(row: Record) -> Claim:
    proofs = zip(row["hashes"], row["media_types"], row["places"], row["stored"], strict=True)
    return Claim(
        row["claim_id"],
        row["reservation_id"],
        row["line"],
        row["organisation_id"],
        row["cents"],
        row["about"],
        tuple(Evidence(*proof) for proof in proofs),
        row["submitted_by"],
        row["submitted_at"],
        row["state"],
        row["decided_by"],
        row["decided_at"],
        row["reason_code"],
        row["reason"],
        row["paid_on"],
        row["paid_reference"],
        row["reversed_by"],
        row["version"],
    )

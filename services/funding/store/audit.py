"""What the audit file of a report is written from, page by page, and the sign-offs."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.progress import Report
from services.funding.domain.sign_off import SignOff
from services.funding.store import Q


async def lock_sign_offs(tx: Tx, report_id: UUID) -> None:
    """Lets one person at a time sign this report off."""
    await Q.lock_sign_offs.execute(tx, report_id)


async def sign_offs(tx: Tx, report: Report) -> list[SignOff]:
    """Who signed a report off, in order."""
    return [
        SignOff(
            row["report_id"],
            report.code,
            row["position"],
            row["role"],
            row["signed_by"],
            row["signed_at"],
            row["sha256"],
            row["note"],
        )
        for row in await Q.sign_offs.rows(tx, tx.consortium_id, report.id)
    ]


async def insert_sign_off(tx: Tx, made: SignOff) -> None:
    await Q.insert_sign_off.execute(
        tx,
        tx.consortium_id,
        made.report_id,
        made.position,
        made.role,
        made.signed_by,
        made.signed_at,
        made.sha256,
        made.note,
    )


async def accounts(tx: Tx, batch: int) -> dict[str, int]:
    """The accounts a report can speak of, with the number of postings up to a batch."""
    return {row["account"]: row["postings"] for row in await Q.audit_accounts.rows(tx, tx.consortium_id, batch)}


async def postings(tx: Tx, batch: int, account: str, after: UUID, limit: int) -> list[Record]:
    """A page of what was posted on an account, in order of entry id."""
    return await Q.audit_postings.rows(tx, tx.consortium_id, batch, account, after, limit)


async def page_starts(tx: Tx, size: int) -> list[UUID]:
    """The first id of each page of contributions."""
    return [row["contribution_id"] for row in await Q.audit_page_starts.rows(tx, tx.consortium_id, size)]


async def contributions(tx: Tx, batch: int, first: UUID, before: UUID | None) -> list[Record]:
    """The contributions of one page that the books up to a batch know."""
    return await Q.audit_contributions.rows(tx, tx.consortium_id, batch, first, before)


async def deliverables(tx: Tx, versions: Mapping[str, int]) -> list[Record]:
    """Every change of deliverables up to these versions."""
    return await Q.audit_deliverables.rows(tx, tx.consortium_id, list(versions), list(versions.values()))


async def claims(tx: Tx, batch: int) -> list[Record]:
    """The claims that the first batches booked something for, a row per document that proves them."""
    return list(await Q.audit_claims.rows(tx, tx.consortium_id, batch))


async def approvals(tx: Tx, grant_id: UUID) -> list[Record]:
    """Every step of four eyes, in order of time."""
    return await Q.audit_approvals.rows(tx, tx.consortium_id, grant_id)


async def rules(tx: Tx, scheme_id: UUID, version: int) -> Sequence[Record]:
    """The rules of a scheme as on record at a version."""
    return await Q.scheme_rules.rows(tx, tx.consortium_id, scheme_id, version)

"""Batches to accept and their samples, as rows."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from asyncpg import Record

from runtime.postgres import Tx
from services.funding.domain.contribution import Contribution, Hands
from services.funding.domain.sampling import Batch, Choice, Item
from services.funding.domain.scheme import Sample
from services.funding.store import Q
from services.funding.store.contributions import contribution_of


async def lock_code(tx: Tx, code: str) -> None:
    """Keeps out whoever proposes a batch of the same code at this moment."""
    await Q.lock_batch_codes.value(tx, str(tx.consortium_id), code)


async def lock_to_propose(tx: Tx, choice: Choice, most: int) -> list[UUID]:
    """What a batch takes, by id, locked. What another batch took while we waited is left out."""
    found = [
        row["contribution_id"]
        for row in await Q.lock_to_propose.rows(
            tx, tx.consortium_id, choice.up_to, choice.organisation_id, choice.line, most
        )
    ]
    rows = await Q.still_to_propose.rows(tx, tx.consortium_id, found) if found else []
    return [row["contribution_id"] for row in rows]


async def add(tx: Tx, batch: Batch, ids: Sequence[UUID]) -> None:
    """Keeps a new batch, its contributions in the order of the seed."""
    await Q.add_acceptance_batch.execute(
        tx,
        tx.consortium_id,
        batch.id,
        batch.code,
        batch.choice.up_to,
        batch.choice.organisation_id,
        batch.choice.line,
        batch.seed,
        batch.rule_code,
        batch.rule.tolerable_basis_points,
        batch.rule.confidence_basis_points,
        batch.rule.most_failures,
        batch.contributions,
        batch.items_sha256,
        batch.proposed_by,
        batch.proposed_at,
    )
    await Q.draw_acceptance_items.execute(tx, tx.consortium_id, batch.id, batch.seed, list(ids))


async def one(tx: Tx, code: str, *, lock: bool = False) -> Batch | None:
    """The batch with this code, with as many of its contributions as may ever have to be looked at."""
    statement = Q.lock_acceptance_batch if lock else Q.acceptance_batch
    row = await statement.row(tx, tx.consortium_id, code)
    if row is None:
        return None
    batch = _batch(row)
    return replace(batch, items=tuple(await items(tx, batch.id, 0, batch.most_looked_at)))


async def page(tx: Tx, after: str, state: str | None, limit: int) -> list[Batch]:
    """Batches by code, without their contributions."""
    return [_batch(row) for row in await Q.acceptance_batches_after.rows(tx, tx.consortium_id, after, state, limit)]


async def items(tx: Tx, batch_id: UUID, after: int, limit: int) -> list[Item]:
    """The contributions of a batch after a place in its order."""
    return [
        Item(row["contribution_id"], row["position"], row["state"], row["outcome"], row["judged_by"])
        for row in await Q.acceptance_items.rows(tx, tx.consortium_id, batch_id, after, limit)
    ]


async def judge(tx: Tx, batch: Batch, item: Item) -> None:
    """Keeps what was found of one."""
    await Q.judge_acceptance_item.execute(
        tx, tx.consortium_id, batch.id, item.contribution_id, item.outcome, item.judged_by
    )


async def move(tx: Tx, batch: Batch) -> None:
    """Keeps a batch, locked by the caller; what is stopped or done waits in it no more."""
    await Q.move_acceptance_batch.execute(
        tx, tx.consortium_id, batch.id, batch.failures, batch.accepted, batch.state, batch.version
    )
    if batch.state != "open":
        await Q.close_acceptance_items.execute(tx, tx.consortium_id, batch.id)


async def lock_due(tx: Tx, batch_id: UUID, hands: Hands) -> list[Contribution]:
    """What of a batch this person may accept, by id, locked."""
    rows = await Q.lock_due_of_batch.rows(tx, tx.consortium_id, batch_id, hands.person, hands.sender)
    return [contribution_of(row) for row in rows]


async def waiting(tx: Tx, batch_id: UUID) -> int:
    """How many of a batch are verified and not accepted."""
    count: int = await Q.verified_of_batch.value(tx, tx.consortium_id, batch_id)
    return count


def _batch(row: Record) -> Batch:
    return Batch(
        row["batch_id"],
        row["code"],
        Choice(row["up_to"], row["organisation_id"], row["line"]),
        row["seed"],
        row["rule"],
        Sample(row["tolerable_basis_points"], row["confidence_basis_points"], row["most_failures"]),
        row["contributions"],
        row["items_sha256"],
        row["proposed_by"],
        row["proposed_at"],
        (),
        row["state"],
        row["failures"],
        row["accepted"],
        row["version"],
    )

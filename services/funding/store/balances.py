"""Trial balances and statements of accounts, out of the journal."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from runtime.postgres import Tx
from services.funding.domain.trial_balance import Trial
from services.funding.store import Q


@dataclass(frozen=True, slots=True)
class AccountLine:
    """One entry on an account, and the balance after it. `batch` is the seal that covers it."""

    entry_id: UUID
    number: int
    kind: str
    day: date
    reason: str
    recorded_at: datetime
    reverses: UUID | None
    batch: int | None
    cents: int
    minutes: int
    balance_cents: int
    balance_minutes: int


@dataclass(frozen=True, slots=True)
class Ends:
    """The balance of an account before the first day of a statement, and after its last."""

    opening_cents: int
    opening_minutes: int
    closing_cents: int
    closing_minutes: int


async def trial_balance(tx: Tx, as_of: date, batch: int | None) -> list[Trial]:
    """Every account by entries of days up to `as_of`, as far as the first batches know; of all entries when None."""
    return [Trial(*row) for row in await Q.trial_balance.rows(tx, tx.consortium_id, as_of, batch)]


async def ends(tx: Tx, account: str, first: date, last: date, batch: int | None) -> Ends:
    row = await Q.account_ends.row(tx, tx.consortium_id, account, first, last, batch)
    return Ends(*row) if row else Ends(0, 0, 0, 0)


async def lines(
    tx: Tx, account: str, first: date, last: date, batch: int | None, after: tuple[date, int], limit: int
) -> list[AccountLine]:
    """What happened on an account in order of day, after the line named by its day and number."""
    rows = await Q.account_lines.rows(tx, tx.consortium_id, account, first, last, batch, *after, limit)
    return [AccountLine(*row) for row in rows]

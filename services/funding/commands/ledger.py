"""Booking. Every other command that moves cents or minutes ends here."""

from collections.abc import Sequence
from datetime import datetime

from runtime.postgres import Tx
from services.funding.domain.ledger import JournalEntry
from services.funding.store import ledger as books


async def post(tx: Tx, entries: Sequence[JournalEntry], *, at: datetime) -> None:
    """Books these entries, all or none, as recorded at `at` by whoever the transaction acts for.

    Set-based: three statements whatever the number of entries, one balance update per account, accounts made when
    first used and locked in the order of their names. Journal rows are only ever added.
    Raises asyncpg.UniqueViolationError when an entry with the same id is booked already.
    """
    if entries:
        await books.insert_entries(tx, entries, at)
        await books.move_balances(tx, entries)

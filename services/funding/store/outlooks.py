"""What came in by year, what holds of the promises, and what one organisation stands for, out of the database."""

from dataclasses import fields
from datetime import date
from uuid import UUID

from runtime.postgres import Tx
from services.funding.domain.outlook import Brought
from services.funding.domain.position import Promise, Sums
from services.funding.domain.terms import Term
from services.funding.store import Q


async def brought(tx: Tx, as_of: date) -> dict[int, Brought]:
    """What came in by calendar year, up to and including a day."""
    rows = await Q.brought_by_year.rows(tx, tx.consortium_id, as_of)
    return {row["year"]: Brought(**{each.name: row[each.name] for each in fields(Brought)}) for row in rows}


async def promises(tx: Tx, as_of: date) -> list[Promise]:
    """The promises that hold on a day."""
    return [promise for promise, _ in await promises_by_term(tx, as_of)]


async def promises_by_term(tx: Tx, as_of: date) -> list[tuple[Promise, Term | None]]:
    """The promises that hold on a day, each with its term; None for what is spread over the pledge's days."""
    return [
        (
            Promise(
                row["organisation_id"], row["line"], row["cents"], row["minutes"], row["from_day"], row["until_day"]
            ),
            Term(row["term_year"], row["term_number"]) if row["term_year"] else None,
        )
        for row in await Q.promises_on.rows(tx, tx.consortium_id, as_of)
    ]


async def of_organisation(tx: Tx, as_of: date, organisation_id: UUID) -> dict[str, Sums]:
    """What one organisation did and promised, by line."""
    rows = await Q.position_of_organisation.rows(tx, tx.consortium_id, as_of, organisation_id)
    return {row["line"]: Sums(**{each.name: row[each.name] for each in fields(Sums)}) for row in rows}

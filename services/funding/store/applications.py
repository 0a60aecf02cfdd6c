"""Applications as rows."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from asyncpg import Record
from pydantic import TypeAdapter

from runtime.postgres import Tx
from services.funding.domain.application import Application, Item
from services.funding.store import Q

_ITEMS = TypeAdapter(tuple[Item, ...])


async def applications(tx: Tx, code: str | None = None) -> list[Application]:
    """The region's applications by code, or the one with this code."""
    return [_application(row) for row in await Q.applications.rows(tx, tx.consortium_id, code)]


async def lock(tx: Tx, code: str) -> Application | None:
    """The application with this code, locked."""
    row = await Q.lock_application.row(tx, tx.consortium_id, code)
    return None if row is None else _application(row)


async def claim(tx: Tx, new: Application) -> bool:
    """Adds a draft; False when its code is on record."""
    return bool(
        await Q.claim_application.execute(
            tx,
            tx.consortium_id,
            new.id,
            new.code,
            new.scheme,
            new.title,
            new.from_,
            new.until,
            _items(new.items),
            new.drafted_by,
            new.version,
        )
    )


async def save(tx: Tx, after: Application) -> None:
    """Keeps an application that the caller holds."""
    await Q.update_application.execute(
        tx,
        tx.consortium_id,
        after.id,
        after.scheme,
        after.title,
        after.from_,
        after.until,
        _items(after.items),
        after.state,
        after.drafted_by,
        after.submitted_by,
        after.submitted_on,
        after.decided_on,
        after.grant,
        after.reason,
        after.version,
    )


def _items(items: Sequence[Item]) -> str:
    return json.dumps([asdict(item) for item in items])


def _application(row: Record) -> Application:
    return Application(
        row["application_id"],
        row["code"],
        row["scheme"],
        row["title"],
        row["from_day"],
        row["until_day"],
        _ITEMS.validate_json(row["items"]),
        row["drafted_by"],
        row["state"],
        row["submitted_by"],
        row["submitted_on"],
        row["decided_on"],
        row["grant_code"],
        row["reason"],
        row["version"],
    )

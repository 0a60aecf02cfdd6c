"""Verifies the books in the database of a running installation, region by region, in sentences.

    python -m services.funding.ledger verify [--region CODE]... [--anchor COUNT:HEAD]... [--json]

It reads SPEERPUNT_DATABASE_URL like the service and changes nothing. An anchor is a seal that somebody kept, of the one
region that is named. Exit status: 0 all books are whole, 1 some are broken (the first break is named), 2 they cannot be
read. What an export holds is verified without a database by `services.funding.verify`.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import asyncpg

from runtime.ids import consortium_id
from runtime.postgres import Database
from runtime.settings import load
from services.funding.commands.ledger import Verdict, verify
from services.funding.domain.chain import Anchor
from services.funding.settings import Settings
from services.funding.store import partners

SLOWEST_STATEMENT_SECONDS = 600.0


async def check(url: str, regions: Sequence[str], anchors: Sequence[Anchor]) -> dict[str, Verdict]:
    """The verdict per region: of those with these codes, or of all. Raises OSError and asyncpg.PostgresError."""
    database = await Database.open(url, name="verify", most=1, statement_timeout_seconds=SLOWEST_STATEMENT_SECONDS)
    try:
        found: dict[str, Verdict] = {}
        for code in regions or await partners.codes(database):
            async with database.transaction(consortium_id(code)) as tx:
                found[code] = await verify(tx, anchors)
        return found
    finally:
        await database.close()


def told(region: str, verdict: Verdict) -> str:
    """A verdict in sentences."""
    size = f"{verdict.entries:,} entries in {verdict.batches:,} sealed batches, head {verdict.head}"
    if verdict.ok:
        wait = f" {verdict.unsealed} wait for their seal." if verdict.unsealed else ""
        return f"{region}: whole. {size}.{wait} Balances agree, and all of it sums to zero."
    said = [f"{region}: BROKEN. {size}."]
    if broken := verdict.broken:
        entry = f", entry {broken.entry}" if broken.entry else ""
        said.append(f"First break at batch {broken.batch or 'unknown'}{entry}: {broken.why}.")
    if verdict.balances:
        said.append(f"Accounts that are not the sum of their postings: {', '.join(verdict.balances)}.")
    if verdict.imbalance_cents or verdict.imbalance_minutes:
        said.append(f"The journal is off by {verdict.imbalance_cents} cents and {verdict.imbalance_minutes} minutes.")
    return " ".join(said)


def document(verdict: Verdict) -> dict[str, Any]:
    """A verdict for a machine."""
    return {
        "ok": verdict.ok,
        "entries": verdict.entries,
        "batches": verdict.batches,
        "head": verdict.head,
        "unsealed": verdict.unsealed,
        "wrongBalances": list(verdict.balances),
        "imbalanceCents": verdict.imbalance_cents,
        "imbalanceMinutes": verdict.imbalance_minutes,
        "brokenAt": asdict(verdict.broken) if verdict.broken else None,
    }


def anchor(text: str) -> Anchor:
    """A seal as COUNT:HEAD. Raises ValueError."""
    count, _, head = text.partition(":")
    if len(head) != 64:
        raise ValueError("an anchor is COUNT:HEAD, as a receipt prints them")
    return Anchor(int(count), head)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m services.funding.ledger", description="Verifies the books.")
    parser.add_argument("what", choices=("verify",))
    parser.add_argument("--region", action="append", default=[], help="code of a region; all of them when left out")
    parser.add_argument("--anchor", action="append", default=[], type=anchor, help="a seal you kept, as COUNT:HEAD")
    parser.add_argument("--json", action="store_true", help="for a machine")
    given = parser.parse_args(arguments)
    if given.anchor and len(given.region) != 1:
        parser.error("an anchor is of one region: name it with --region")
    url = load(Settings).database_url.get_secret_value()
    try:
        found = asyncio.run(check(url, given.region, given.anchor))
    except (OSError, asyncpg.PostgresError) as error:
        sys.stderr.write(f"The books cannot be read ({type(error).__name__}): set SPEERPUNT_DATABASE_URL.\n")
        return 2
    if given.json:
        text = json.dumps({region: document(verdict) for region, verdict in found.items()}, indent=2)
    else:
        text = "\n".join(told(region, verdict) for region, verdict in found.items()) or "There are no regions here."
    sys.stdout.write(text + "\n")
    return 0 if all(verdict.ok for verdict in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())

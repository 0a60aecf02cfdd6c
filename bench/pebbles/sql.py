"""What the command asks of the database, and nothing else: the baseline of P1, and what the stock example runs."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

CLAIM = """INSERT INTO idempotency (consortium_id, actor, key, request_hash) VALUES ($1, $2, $3, $4)
ON CONFLICT (consortium_id, actor, key) DO NOTHING"""
PEBBLE = "INSERT INTO pebbles VALUES ($1, $2, $3, $4) RETURNING version"
FACT = """INSERT INTO outbox (event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version,
type, source, occurred_at, correlation_id, causation_id, traceparent, data)
VALUES ($1, $2, 'bench.events', $3, 'pebble', $4, $5, 'nl.speerpunt.bench.pebble-kept.v1', 'urn:speerpunt:bench', $6,
$1, NULL, NULL, $7)"""
KEEP = """UPDATE idempotency SET status = 201, headers = $4::jsonb, body = $5
WHERE consortium_id = $1 AND actor = $2 AND key = $3"""
ACTOR = "0" * 64
HASH = b"0" * 32


async def command(
    connection: Any,
    tenant: UUID,
    key: str,
    pebble_id: UUID,
    code: str,
    grams: int,
    at: datetime,
    data: bytes,
    answer: bytes,
) -> None:
    """One command, in one transaction."""
    await connection.execute(f"BEGIN; SET LOCAL app.consortia = '{{{tenant}}}'")
    await connection.execute(CLAIM, tenant, ACTOR, key, HASH)
    version = await connection.fetchval(PEBBLE, tenant, pebble_id, code, grams)
    await connection.execute(FACT, uuid4(), tenant, str(pebble_id), pebble_id, version, at, data)
    await connection.execute(KEEP, tenant, ACTOR, key, '{"etag": "1"}', answer)
    await connection.execute("COMMIT")

-- name: claim
-- Whether this transaction claimed an idempotency key; a twin that is still open is waited for, 2 seconds at most. A key past
-- its 72 hours is free again.
SELECT claim_answer($1, $2, $3, $4);

-- name: note_consortium
-- Remembers whose answers are kept.
INSERT INTO idempotency_consortia (consortium_id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: kept
-- The request and the answer kept under this key.
SELECT request_hash, status, headers, body
  FROM idempotency
 WHERE consortium_id = $1 AND actor = $2 AND key = $3;

-- name: keep
-- Keeps the answer for a repeat of the request, and forgets a few of the consortium's that are past their 72 hours.
WITH forgotten AS (
    DELETE FROM idempotency
     WHERE consortium_id = $1
       AND (actor, key) IN (SELECT actor, key
                              FROM idempotency
                             WHERE consortium_id = $1 AND created_at < now() - interval '72 hours'
                             ORDER BY created_at
                             LIMIT 5
                               FOR UPDATE SKIP LOCKED)
)
UPDATE idempotency
   SET status = $4, headers = $5::jsonb, body = $6
 WHERE consortium_id = $1 AND actor = $2 AND key = $3;

-- name: known_keys
-- Which of these actors' keys are in use, or were.
SELECT actor, key
  FROM idempotency
  JOIN unnest($2::text[], $3::text[]) AS asked (actor, key) USING (actor, key)
 WHERE consortium_id = $1;

-- name: keep_all
-- Claims keys that were free a moment ago and keeps the answers of their requests; forgets a few that are past their 72
-- hours for each. A key that a twin claimed in the meantime is left out. In one order, so that twins cannot deadlock.
WITH forgotten AS (
    DELETE FROM idempotency
     WHERE consortium_id = $1
       AND (actor, key) IN (SELECT actor, key
                              FROM idempotency
                             WHERE consortium_id = $1 AND created_at < now() - interval '72 hours'
                             ORDER BY created_at
                             LIMIT 5 * cardinality($3::text[])
                               FOR UPDATE SKIP LOCKED)
)
INSERT INTO idempotency (consortium_id, actor, key, request_hash, status, headers, body)
SELECT $1, actor, key, request_hash, status, headers::jsonb, body
  FROM unnest($2::text[], $3::text[], $4::bytea[], $5::smallint[], $6::text[], $7::bytea[])
       AS answer (actor, key, request_hash, status, headers, body)
 ORDER BY actor, key
ON CONFLICT (consortium_id, actor, key) DO NOTHING;

-- name: has_arrived
-- Whether this service has handled the event.
SELECT true
  FROM inbox
 WHERE event_id = $1
 LIMIT 1;

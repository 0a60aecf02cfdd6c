-- name: claim
-- Claims messages for a consumer, in one order so that rivals wait instead of dead-locking; the places in the given list
-- of those that were not there yet. The hash of the body is only kept for messages of outsiders.
WITH message AS (
    SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[],
                         $9::timestamptz[], $10::bytea[])
        WITH ORDINALITY AS message (source, event_id, record, type, correlation_id, trace_id, occurred_at, published_at,
                                    body_hash, place)
), claimed AS (
    INSERT INTO inbox (event_id, consumer, source, record, type, correlation_id, trace_id, occurred_at, published_at,
                       body_hash)
    SELECT event_id, $1, source, record, type, correlation_id, trace_id, occurred_at, published_at, body_hash
    FROM message
    ORDER BY event_id, source, place
    ON CONFLICT DO NOTHING
    RETURNING source, record
)
SELECT message.place - 1 AS place
FROM claimed JOIN message USING (source, record)
ORDER BY message.place;

-- name: first_deliveries
-- What was first delivered under these ids: the record, its time and its body's hash.
SELECT source, event_id, record, published_at, body_hash
FROM inbox
WHERE consumer = $1 AND (event_id, source) IN (SELECT * FROM unnest($2::text[], $3::text[]))
ORDER BY event_id, source;

-- name: mark_dead
-- Remembers that a message ended as a dead letter, so that a repeat of it is not handled.
INSERT INTO inbox (event_id, consumer, source, outcome, record, type, correlation_id, trace_id, occurred_at, published_at)
VALUES ($1, $2, $3, 'dead', $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING;

-- name: mark_done
-- A dead letter was handled after all.
UPDATE inbox SET outcome = 'done', handled_at = clock_timestamp()
WHERE event_id = $1 AND consumer = $2 AND source = $3;

-- name: is_handled
-- Whether this event had its effect here, in any consumer.
SELECT EXISTS (SELECT FROM inbox WHERE event_id = $1 AND outcome = 'done');

-- name: follow
-- What was received here under one correlation id, in the order in which it was handled.
SELECT consumer, type, event_id, trace_id, occurred_at, published_at, handled_at
FROM inbox
WHERE correlation_id = $1
ORDER BY handled_at, event_id
LIMIT 1000;

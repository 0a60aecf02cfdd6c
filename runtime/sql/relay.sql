-- name: lead
-- Whether this session now leads; it does until its connection ends.
SELECT pg_try_advisory_lock(hashtext('speerpunt.relay'), 0);

-- name: unpublished
-- The next facts to publish, in order, up to a number and a total of bytes, but for those that are on their way. No filter on
-- who wrote them or when, nor on what was read before: a fact that is not visible yet is found by a later reading, and until
-- it commits nothing that depends on it can be there. The envelope comes as the bytes that are sent, in the order of
-- runtime.event.ENVELOPE: the relay would spend more on taking these values apart and writing them out than on all the rest.
SELECT seq, topic, convert_to(key, 'UTF8') AS key, data, traceparent,
       convert_to(event_id::text, 'UTF8') AS id, convert_to(type, 'UTF8') AS type, convert_to(source, 'UTF8') AS source,
       convert_to(aggregate_kind || '/' || aggregate_id, 'UTF8') AS subject,
       convert_to(to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'UTF8') AS time,
       convert_to(consortium_id::text, 'UTF8') AS consortium_id,
       convert_to(aggregate_version::text, 'UTF8') AS sequence,
       convert_to(correlation_id::text, 'UTF8') AS correlation_id,
       convert_to(causation_id::text, 'UTF8') AS causation_id
FROM (
    SELECT *, sum(octet_length(data)) OVER (ORDER BY seq) AS bytes_so_far
    FROM (SELECT * FROM outbox WHERE seq > $1 AND seq <> ALL ($4::bigint[]) ORDER BY seq LIMIT $2) AS next
) AS measured
WHERE bytes_so_far <= $3 OR bytes_so_far = octet_length(data)
ORDER BY seq;

-- name: delete
-- Takes facts that Kafka has out of the outbox, remembers for a while that they were published, and counts them. What another
-- leader took out already is not remembered twice.
WITH gone AS (
    DELETE FROM outbox WHERE seq = ANY($1::bigint[])
    RETURNING seq, event_id, correlation_id, traceparent, topic, type, occurred_at
),
remembered AS (
    INSERT INTO published (seq, event_id, correlation_id, trace_id, topic, type, occurred_at, published_at)
    SELECT seq, event_id, correlation_id, substr(traceparent, 4, 32), topic, type, occurred_at,
           to_timestamp($2::float8 / 1000)
    FROM gone ORDER BY seq
)
INSERT INTO event_counts AS present (consumer, counter, slot, count)
SELECT 'relay', 'published', $3, count(*) FROM gone HAVING count(*) > 0
ON CONFLICT (consumer, counter, slot) DO UPDATE SET count = present.count + excluded.count;

-- name: set_aside
-- Puts facts for an unknown topic aside.
WITH taken AS (DELETE FROM outbox WHERE seq = ANY($1::bigint[]) RETURNING *)
INSERT INTO outbox_aside SELECT * FROM taken ORDER BY seq;

-- name: topics_aside
-- Topics that facts are set aside for.
SELECT DISTINCT topic FROM outbox_aside ORDER BY topic;

-- name: aside
-- The next facts that were set aside for a topic, in the same form.
SELECT seq, topic, convert_to(key, 'UTF8') AS key, data, traceparent,
       convert_to(event_id::text, 'UTF8') AS id, convert_to(type, 'UTF8') AS type, convert_to(source, 'UTF8') AS source,
       convert_to(aggregate_kind || '/' || aggregate_id, 'UTF8') AS subject,
       convert_to(to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'UTF8') AS time,
       convert_to(consortium_id::text, 'UTF8') AS consortium_id,
       convert_to(aggregate_version::text, 'UTF8') AS sequence,
       convert_to(correlation_id::text, 'UTF8') AS correlation_id,
       convert_to(causation_id::text, 'UTF8') AS causation_id
FROM outbox_aside WHERE topic = $1 ORDER BY seq LIMIT $2;

-- name: delete_aside
-- The same for facts that were set aside and that Kafka has now.
WITH gone AS (
    DELETE FROM outbox_aside WHERE seq = ANY($1::bigint[])
    RETURNING seq, event_id, correlation_id, traceparent, topic, type, occurred_at
),
remembered AS (
    INSERT INTO published (seq, event_id, correlation_id, trace_id, topic, type, occurred_at, published_at)
    SELECT seq, event_id, correlation_id, substr(traceparent, 4, 32), topic, type, occurred_at,
           to_timestamp($2::float8 / 1000)
    FROM gone ORDER BY seq
)
INSERT INTO event_counts AS present (consumer, counter, slot, count)
SELECT 'relay', 'published', $3, count(*) FROM gone HAVING count(*) > 0
ON CONFLICT (consumer, counter, slot) DO UPDATE SET count = present.count + excluded.count;

-- name: follow
-- What was published under one correlation id, in that order.
SELECT topic, type, event_id::text AS event_id, trace_id, occurred_at, published_at
FROM published
WHERE correlation_id = $1
ORDER BY seq
LIMIT 1000;

-- name: last_seq
-- The last number given out. Ask this before `writers`.
SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('outbox', 'seq')::regclass), 0);

-- name: writers
-- Transactions that have written, or are writing, to the outbox: they hold this lock from before they take a number until they
-- end. A transaction's own number would not do, it is given out after the first `nextval`.
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'outbox'::regclass AND mode = 'RowExclusiveLock' AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database());

-- name: lowest
-- The lowest number that is still to be published, above this one.
SELECT min(seq) FROM outbox WHERE seq > $1;

-- name: depth
-- How many facts wait, the age of the oldest in seconds, and how many are set aside.
SELECT (SELECT count(*) FROM outbox) AS waiting,
       coalesce(extract(epoch FROM clock_timestamp() - (SELECT min(occurred_at) FROM outbox)), 0)::float8 AS age_seconds,
       (SELECT count(*) FROM outbox_aside) AS aside;

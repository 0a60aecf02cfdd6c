-- name: append
-- Adds facts to the outbox, in the given order.
INSERT INTO outbox (event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version,
                    type, source, occurred_at, correlation_id, causation_id, traceparent, data)
SELECT event_id, $1, topic, key, aggregate_kind, aggregate_id, aggregate_version,
       type, $2, $3, correlation_id, causation_id, traceparent, data
FROM unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::bigint[], $10::text[], $11::uuid[],
            $12::uuid[], $13::text[], $14::bytea[])
     WITH ORDINALITY AS fact (event_id, topic, key, aggregate_kind, aggregate_id, aggregate_version, type,
                              correlation_id, causation_id, traceparent, data, position)
ORDER BY position;

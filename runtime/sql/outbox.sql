-- name: append
-- Adds facts to the outbox, in the given order.
INSERT INTO outbox (event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version,
                    type, source, occurred_at, correlation_id, causation_id, traceparent, data)
SELECT event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version,
       type, source, occurred_at, correlation_id, causation_id, traceparent, data
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::bigint[],
            $8::text[], $9::text[], $10::timestamptz[], $11::uuid[], $12::uuid[], $13::text[], $14::bytea[])
     WITH ORDINALITY AS fact (event_id, consortium_id, topic, key, aggregate_kind, aggregate_id, aggregate_version,
                              type, source, occurred_at, correlation_id, causation_id, traceparent, data, position)
ORDER BY position;

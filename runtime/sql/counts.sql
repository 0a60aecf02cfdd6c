-- name: add
-- Adds to counters of a consumer, in this process's slot.
INSERT INTO event_counts AS present (consumer, counter, slot, count)
SELECT $1, counter, $2, added FROM unnest($3::text[], $4::bigint[]) AS given (counter, added)
ORDER BY counter
ON CONFLICT (consumer, counter, slot) DO UPDATE SET count = present.count + excluded.count;

-- name: totals
-- Every counter of every consumer, summed over the slots.
SELECT consumer, counter, sum(count)::bigint AS count FROM event_counts GROUP BY consumer, counter ORDER BY consumer, counter;

-- name: contributions_revalued
-- What was brought in between two days, per kind: as booked, and as other rates an hour would value it, rounded per contribution.
SELECT contributions.kind, state = 'accepted' AS realised, count(*) AS count, sum(minutes)::bigint AS minutes,
       sum(value_cents)::bigint AS cents,
       sum(CASE WHEN other.cents_per_hour IS NULL OR minutes = 0 THEN value_cents
                ELSE (2 * minutes * other.cents_per_hour + 60) / 120 END)::bigint AS other_cents
FROM contributions
LEFT JOIN unnest($4::text[], $5::bigint[]) AS other (kind, cents_per_hour) ON other.kind = contributions.kind
WHERE consortium_id = $1 AND day BETWEEN $2 AND $3 AND state IN ('declared', 'verified', 'accepted')
GROUP BY contributions.kind, state = 'accepted'
ORDER BY contributions.kind, realised;

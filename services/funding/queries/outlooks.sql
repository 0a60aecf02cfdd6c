-- name: brought_by_year
-- What came in by calendar year, up to and including a day: whole months as folded, moves that are not, and of the month
-- of that day what came after it off again.
SELECT extract(year FROM part.month)::int AS year,
       sum(part.realised_cents)::bigint AS realised_cents, sum(part.realised_minutes)::bigint AS realised_minutes,
       sum(part.declared_cents)::bigint AS declared_cents, sum(part.declared_minutes)::bigint AS declared_minutes
FROM (
    SELECT month, realised_cents, realised_minutes, declared_cents, declared_minutes
    FROM position_months
    WHERE consortium_id = $1 AND month <= $2
    UNION ALL
    SELECT month, realised_cents, realised_minutes, declared_cents, declared_minutes
    FROM position_moves
    WHERE consortium_id = $1 AND month <= $2
    UNION ALL
    SELECT date_trunc('month', day)::date,
           CASE WHEN state = 'accepted' THEN -value_cents ELSE 0 END,
           CASE WHEN state = 'accepted' THEN -minutes ELSE 0 END,
           CASE WHEN state = 'accepted' THEN 0 ELSE -value_cents END,
           CASE WHEN state = 'accepted' THEN 0 ELSE -minutes END
    FROM contributions
    WHERE consortium_id = $1 AND day > $2 AND day < (date_trunc('month', $2) + interval '1 month')::date
      AND state IN ('declared', 'verified', 'accepted')
) AS part
GROUP BY 1
ORDER BY 1;

-- name: promises_on
-- What was promised as it holds on a day, by organisation, line and the days over which it falls due; its term if it has one.
SELECT pledge.organisation_id, promise.line, promise.cents, promise.minutes,
       coalesce(promise.from_day, signed.from_day) AS from_day, coalesce(promise.until_day, signed.until_day) AS until_day,
       promise.term_year, promise.term_number
FROM pledge_versions AS signed
JOIN pledges AS pledge USING (consortium_id, pledge_id)
JOIN pledge_lines AS promise ON promise.consortium_id = signed.consortium_id
                            AND promise.pledge_id = signed.pledge_id AND promise.version = signed.version
WHERE signed.consortium_id = $1
  AND signed.signed_on <= $2 AND (signed.replaced_on IS NULL OR signed.replaced_on > $2)
ORDER BY pledge.code, signed.version, promise.position;

-- name: position_of_organisation
-- What one organisation did and promised, by line.
SELECT line, realised_cents, realised_minutes, declared_cents, declared_minutes, promised_cents, promised_minutes,
       due_cents, forecast_cents
FROM position_cells($1, $2)
WHERE organisation_id = $3
ORDER BY line;

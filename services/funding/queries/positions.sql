-- name: position_programme
-- The region's position on a day: the sum of every organisation with every line.
SELECT coalesce(sum(realised_cents), 0)::bigint AS realised_cents,
       coalesce(sum(realised_minutes), 0)::bigint AS realised_minutes,
       coalesce(sum(declared_cents), 0)::bigint AS declared_cents,
       coalesce(sum(declared_minutes), 0)::bigint AS declared_minutes,
       coalesce(sum(promised_cents), 0)::bigint AS promised_cents,
       coalesce(sum(promised_minutes), 0)::bigint AS promised_minutes,
       coalesce(sum(due_cents), 0)::bigint AS due_cents,
       coalesce(sum(forecast_cents), 0)::bigint AS forecast_cents
FROM position_cells($1, $2);

-- name: position_lines
-- The same by line, with what each line was given: the programme's lines, the budgets, and whatever else was booked on.
WITH summed AS (
    SELECT line AS code,
           sum(realised_cents)::bigint AS realised_cents, sum(realised_minutes)::bigint AS realised_minutes,
           sum(declared_cents)::bigint AS declared_cents, sum(declared_minutes)::bigint AS declared_minutes,
           sum(promised_cents)::bigint AS promised_cents, sum(promised_minutes)::bigint AS promised_minutes,
           sum(due_cents)::bigint AS due_cents, sum(forecast_cents)::bigint AS forecast_cents
    FROM position_cells($1, $2)
    GROUP BY line
), planned AS (
    SELECT DISTINCT ON (line.code) line.code, line.kind, line.title
    FROM programme_lines AS line
    JOIN programmes AS programme USING (consortium_id, programme_id)
    WHERE line.consortium_id = $1
    ORDER BY line.code, programme.from_day DESC, programme.programme_id
), budgets AS (
    SELECT line AS code, kind, allocated_cents FROM budget_lines WHERE consortium_id = $1
)
SELECT code, coalesce(planned.kind, budgets.kind, 'former') AS kind, coalesce(planned.title, code) AS title,
       coalesce(budgets.allocated_cents, 0) AS allocated_cents,
       coalesce(realised_cents, 0) AS realised_cents, coalesce(realised_minutes, 0) AS realised_minutes,
       coalesce(declared_cents, 0) AS declared_cents, coalesce(declared_minutes, 0) AS declared_minutes,
       coalesce(promised_cents, 0) AS promised_cents, coalesce(promised_minutes, 0) AS promised_minutes,
       coalesce(due_cents, 0) AS due_cents, coalesce(forecast_cents, 0) AS forecast_cents
FROM planned FULL JOIN budgets USING (code) FULL JOIN summed USING (code)
ORDER BY code COLLATE "C";

-- name: position_partners
-- A page of the same by organisation, in order of id; or those with these ids.
SELECT cell.organisation_id, coalesce(organisation.code, cell.organisation_id::text) AS code,
       coalesce(organisation.name, '') AS name, coalesce(organisation.kind, 'unknown') AS kind,
       sum(realised_cents)::bigint AS realised_cents, sum(realised_minutes)::bigint AS realised_minutes,
       sum(declared_cents)::bigint AS declared_cents, sum(declared_minutes)::bigint AS declared_minutes,
       sum(promised_cents)::bigint AS promised_cents, sum(promised_minutes)::bigint AS promised_minutes,
       sum(due_cents)::bigint AS due_cents, sum(forecast_cents)::bigint AS forecast_cents
FROM position_cells($1, $2) AS cell
LEFT JOIN organisations AS organisation
       ON organisation.consortium_id = $1 AND organisation.organisation_id = cell.organisation_id
WHERE cell.organisation_id > $3 AND ($4::uuid[] IS NULL OR cell.organisation_id = ANY ($4))
GROUP BY cell.organisation_id, organisation.code, organisation.name, organisation.kind
ORDER BY cell.organisation_id
LIMIT $5;

-- name: position_calls
-- A page of who is behind, most euros at stake first, then who delivered least, then by code: after the given one.
WITH behind AS (
    SELECT organisation_id,
           sum(realised_cents)::bigint AS realised_cents, sum(realised_minutes)::bigint AS realised_minutes,
           sum(declared_cents)::bigint AS declared_cents, sum(declared_minutes)::bigint AS declared_minutes,
           sum(promised_cents)::bigint AS promised_cents, sum(promised_minutes)::bigint AS promised_minutes,
           sum(due_cents)::bigint AS due_cents, sum(forecast_cents)::bigint AS forecast_cents,
           sum(realised_cents + declared_cents)::bigint AS delivered_cents,
           sum(due_cents - realised_cents - declared_cents)::bigint AS at_stake_cents
    FROM position_cells($1, $2)
    GROUP BY organisation_id
    HAVING sum(due_cents) > sum(realised_cents + declared_cents)
), named AS (
    SELECT behind.*, coalesce(organisation.code, behind.organisation_id::text) COLLATE "C" AS code,
           coalesce(organisation.name, '') AS name
    FROM behind
    LEFT JOIN organisations AS organisation
           ON organisation.consortium_id = $1 AND organisation.organisation_id = behind.organisation_id
), wanted AS (
    SELECT * FROM named
    WHERE $3::bigint IS NULL OR (-at_stake_cents, delivered_cents, code) > (-$3, $4::bigint, $5::text)
    ORDER BY at_stake_cents DESC, delivered_cents, code
    LIMIT $6
)
SELECT wanted.*, promised.from_day, promised.until_day, latest.last_day
FROM wanted
CROSS JOIN LATERAL (
    SELECT min(signed.from_day) AS from_day, max(signed.until_day) AS until_day
    FROM pledges AS pledge
    JOIN pledge_versions AS signed USING (consortium_id, pledge_id)
    WHERE pledge.consortium_id = $1 AND pledge.organisation_id = wanted.organisation_id
      AND signed.signed_on <= $2 AND (signed.replaced_on IS NULL OR signed.replaced_on > $2)
) AS promised
CROSS JOIN LATERAL (
    SELECT max(day) AS last_day
    FROM contributions
    WHERE consortium_id = $1 AND organisation_id = wanted.organisation_id AND day <= $2
      AND state IN ('declared', 'verified', 'accepted')
) AS latest
ORDER BY wanted.at_stake_cents DESC, wanted.delivered_cents, wanted.code;

-- name: lead_position
-- Whether this transaction may tell the region's position: one at a time, others pass by.
SELECT pg_try_advisory_xact_lock(hashtextextended('funding.position/' || $1::uuid::text, 0));

-- name: consortia_with_news
-- The regions whose position may have changed.
SELECT DISTINCT consortium_id FROM position_news ORDER BY consortium_id;

-- name: take_news
-- Takes note of all that was announced for a region up to now.
DELETE FROM position_news WHERE consortium_id = $1;

-- name: fold_position
-- Adds the moves of a region to its totals, all at once.
WITH taken AS (
    DELETE FROM position_moves WHERE consortium_id = $1
    RETURNING organisation_id, line, realised_cents, realised_minutes, declared_cents, declared_minutes
)
INSERT INTO position_totals AS total (consortium_id, organisation_id, line, realised_cents, realised_minutes,
                                      declared_cents, declared_minutes)
SELECT $1, organisation_id, line, sum(realised_cents), sum(realised_minutes), sum(declared_cents),
       sum(declared_minutes)
FROM taken
GROUP BY organisation_id, line
ON CONFLICT (consortium_id, organisation_id, line) DO UPDATE
SET realised_cents = total.realised_cents + excluded.realised_cents,
    realised_minutes = total.realised_minutes + excluded.realised_minutes,
    declared_cents = total.declared_cents + excluded.declared_cents,
    declared_minutes = total.declared_minutes + excluded.declared_minutes;

-- name: tell_position
-- Keeps what is told of a region's position, and counts it; no row when it was told already.
INSERT INTO positions (consortium_id, position_id, told, version) VALUES ($1, $2, $3::jsonb, 1)
ON CONFLICT (consortium_id, position_id) DO UPDATE
SET told = excluded.told, version = positions.version + 1
WHERE positions.told <> excluded.told
RETURNING version;

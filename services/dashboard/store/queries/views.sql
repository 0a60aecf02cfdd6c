-- name: regions
-- The regions of these ids, by name; those that are closed with since when and why.
SELECT consortium_id, code, name, zone, currency, language, closure.since AS closed_since,
       coalesce(closure.reason, '') AS closed_reason
FROM regions LEFT JOIN (SELECT * FROM region_closures WHERE closed) AS closure USING (consortium_id)
WHERE consortium_id = ANY ($1::uuid[]) ORDER BY name, code;

-- name: all_regions
-- All regions of the installation, by name; those that are closed with since when and why.
SELECT consortium_id, code, name, zone, currency, language, closure.since AS closed_since,
       coalesce(closure.reason, '') AS closed_reason
FROM regions LEFT JOIN (SELECT * FROM region_closures WHERE closed) AS closure USING (consortium_id)
ORDER BY name, code;

-- name: beat
-- How often something of a region was heard.
SELECT beat FROM pulses WHERE consortium_id = $1;

-- name: programme
-- The programme of the region: the last that was planned.
SELECT code, title, first_day, last_day FROM programmes WHERE consortium_id = $1 ORDER BY last_day DESC LIMIT 1;

-- name: lines
-- The spearheads and locations of the region, in the order of its plan.
SELECT code, title, kind FROM lines WHERE consortium_id = $1 ORDER BY place, code;

-- name: organisations
-- What the organisations of a region are called.
SELECT organisation_id, code, name, kind FROM organisations WHERE consortium_id = $1;

-- name: positions
-- The last that funding told of the co-financing of each of these regions.
SELECT DISTINCT ON (consortium_id) consortium_id, as_of, readings, realised_cents, declared_cents, promised_cents,
       forecast_cents, at
FROM positions WHERE consortium_id = ANY ($1::uuid[]) ORDER BY consortium_id, day DESC;

-- name: cells
-- Per organisation and line of the region, up to and including a day: accepted, declared, promised, and what of the promise
-- fell due (a straight line over the days of the pledge, rounded down to the cent).
WITH parts AS (
    SELECT organisation_id, line,
           sum(cents) FILTER (WHERE state = 'accepted') AS realised_cents,
           sum(minutes) FILTER (WHERE state = 'accepted') AS realised_minutes,
           sum(cents) FILTER (WHERE state <> 'accepted') AS declared_cents,
           sum(minutes) FILTER (WHERE state <> 'accepted') AS declared_minutes,
           0::numeric AS promised_cents, 0::numeric AS promised_minutes, 0::numeric AS due_cents, max(day) AS last_day
    FROM contributions
    WHERE consortium_id = $1 AND day <= $2 AND state <> 'reversed'
    GROUP BY organisation_id, line
    UNION ALL
    SELECT organisation_id, promise ->> 'line', 0, 0, 0, 0, (promise ->> 'cents')::numeric,
           (promise ->> 'minutes')::numeric,
           div((promise ->> 'cents')::numeric * least(greatest($2 - first_day + 1, 0), last_day - first_day + 1),
               last_day - first_day + 1),
           NULL
    FROM pledges, LATERAL jsonb_array_elements(lines) AS promise
    WHERE consortium_id = $1 AND signed_on <= $2
)
SELECT organisation_id, line,
       coalesce(sum(realised_cents), 0)::bigint AS realised_cents,
       coalesce(sum(realised_minutes), 0)::bigint AS realised_minutes,
       coalesce(sum(declared_cents), 0)::bigint AS declared_cents,
       coalesce(sum(declared_minutes), 0)::bigint AS declared_minutes,
       coalesce(sum(promised_cents), 0)::bigint AS promised_cents,
       coalesce(sum(promised_minutes), 0)::bigint AS promised_minutes,
       coalesce(sum(due_cents), 0)::bigint AS due_cents,
       max(last_day) AS last_day
FROM parts
GROUP BY organisation_id, line;

-- name: sums
-- Per region of these: realised and forecast as of a day, in cents. The rules of `domain/standing.py`, for many regions at
-- once: kept totals without what is later than the day, and what of each promise has yet to fall due as far as partners kept
-- their word.
WITH later AS (
    SELECT consortium_id, organisation_id, line,
           coalesce(sum(cents) FILTER (WHERE state = 'accepted'), 0)::bigint AS realised, sum(cents)::bigint AS delivered
    FROM contributions
    WHERE consortium_id = ANY ($1::uuid[]) AND day > $2 AND state <> 'reversed'
    GROUP BY consortium_id, organisation_id, line
), promises AS (
    SELECT consortium_id, organisation_id, promise ->> 'line' AS line, (promise ->> 'cents')::bigint AS cents,
           least(greatest($2 - first_day + 1, 0), last_day - first_day + 1) AS due_days,
           last_day - first_day + 1 AS days
    FROM pledges, LATERAL jsonb_array_elements(lines) AS promise
    WHERE consortium_id = ANY ($1::uuid[]) AND signed_on <= $2
), promised AS (
    SELECT consortium_id, organisation_id, line, sum(cents)::bigint AS promised,
           sum(cents * due_days / days)::bigint AS due
    FROM promises GROUP BY consortium_id, organisation_id, line
), cells AS MATERIALIZED (
    SELECT consortium_id, organisation_id,
           coalesce(totals.realised_cents, 0) - coalesce(later.realised, 0) AS realised,
           coalesce(totals.realised_cents + totals.declared_cents, 0) - coalesce(later.delivered, 0) AS delivered,
           coalesce(promised, 0) AS promised, coalesce(due, 0) AS due
    FROM (SELECT * FROM totals WHERE consortium_id = ANY ($1::uuid[])) AS totals
         LEFT JOIN later USING (consortium_id, organisation_id, line)
         FULL JOIN promised USING (consortium_id, organisation_id, line)
), words AS (
    SELECT consortium_id,
           CASE WHEN sum(due) > 0 THEN div(sum(least(due, delivered)) * 10000, sum(due)) ELSE 10000 END::bigint AS kept
    FROM (SELECT consortium_id, sum(due)::bigint AS due, sum(delivered)::bigint AS delivered FROM cells
          GROUP BY consortium_id, organisation_id) AS partners
    GROUP BY consortium_id
)
SELECT consortium_id, sum(realised)::bigint AS realised_cents,
       sum(delivered + greatest(0, promised - greatest(due, delivered)) * kept / 10000)::bigint AS forecast_cents
FROM cells JOIN words USING (consortium_id)
GROUP BY consortium_id;

-- name: months
-- What was brought in per month, up to and including a day: accepted and still declared.
SELECT date_trunc('month', day)::date AS month,
       coalesce(sum(cents) FILTER (WHERE state = 'accepted'), 0)::bigint AS realised_cents,
       coalesce(sum(cents) FILTER (WHERE state <> 'accepted'), 0)::bigint AS declared_cents
FROM contributions
WHERE consortium_id = $1 AND day <= $2 AND state <> 'reversed'
GROUP BY 1 ORDER BY 1;

-- name: evidence
-- The last contributions of an organisation or a line: what a number is made of.
SELECT contribution_id, organisation_id, line, day, kind, minutes, cents, state, origin FROM contributions
WHERE consortium_id = $1 AND day <= $2 AND ($3::uuid IS NULL OR organisation_id = $3)
  AND ($4::text IS NULL OR line = $4) AND ($5::date IS NULL OR date_trunc('month', day)::date = $5)
ORDER BY day DESC, contribution_id LIMIT $6;

-- name: waiting
-- What was declared and waits for a second person: how many, how much, since when.
SELECT count(*) AS records, coalesce(sum(cents), 0)::bigint AS cents, coalesce(sum(minutes), 0)::bigint AS minutes,
       min(declared_at) AS oldest
FROM contributions WHERE consortium_id = $1 AND state IN ('declared', 'verified');

-- name: records
-- Records that were held or refused, by reason.
SELECT outcome, code, count(*) AS records, min(at) AS oldest
FROM records, LATERAL unnest(codes) AS code
WHERE consortium_id = $1 AND outcome IN ('held', 'refused')
GROUP BY outcome, code ORDER BY outcome, count(*) DESC, code;

-- name: held
-- The records that wait for a person, the oldest first.
SELECT sender, record_id, codes, organisation_id, line, day, at FROM records
WHERE consortium_id = $1 AND outcome = 'held' ORDER BY at, record_id LIMIT 100;

-- name: grants
-- The grants of the region.
SELECT grant_id, code, scheme, cents, first_day, last_day FROM grants WHERE consortium_id = $1 ORDER BY first_day, code;

-- name: allocations
-- Divisions of the grants, the last first.
SELECT allocation_id, grant_id, code, number, lines, effective_on, approved, proposed_at FROM allocations
WHERE consortium_id = $1 ORDER BY number DESC, code LIMIT 100;

-- name: spending
-- Per line: committed, of that claimed and approved, of that paid.
SELECT line, sum(committed)::bigint AS committed_cents, sum(claimed)::bigint AS claimed_cents,
       sum(paid)::bigint AS paid_cents
FROM (
    SELECT line, cents AS committed, 0 AS claimed, 0 AS paid FROM commitments WHERE consortium_id = $1
    UNION ALL
    SELECT line, 0, CASE WHEN state IN ('approved', 'paid') THEN cents ELSE 0 END,
           CASE WHEN state = 'paid' THEN cents ELSE 0 END
    FROM claims WHERE consortium_id = $1
) AS moves
GROUP BY line;

-- name: claims_waiting
-- Claims that wait for a second person, the largest first.
SELECT claim_id, line, organisation_id, cents, at FROM claims
WHERE consortium_id = $1 AND state = 'submitted' ORDER BY cents DESC, claim_id LIMIT 100;

-- name: agreements
-- Agreements with how many signed.
SELECT agreement_id, code, title, sign_until, since, first_day, last_day FROM agreements
WHERE consortium_id = $1 ORDER BY code;

-- name: parties
-- Who is to sign each agreement, and who did.
SELECT agreement_id, organisation_id, signed_on FROM parties WHERE consortium_id = $1;

-- name: unanswered
-- Who was asked for a pledge and has not signed one since.
SELECT statement_id, organisation_id, deadline, title FROM statements
WHERE consortium_id = $1
  AND NOT EXISTS (SELECT FROM pledges WHERE pledges.consortium_id = statements.consortium_id
                                        AND pledges.organisation_id = statements.organisation_id)
ORDER BY deadline, organisation_id LIMIT 200;

-- name: activities
-- Activities around a day, the coming ones first.
SELECT activity_id, code, kind, title, line, school_id, company_id, starts_at, ends_at, day, seats, pupils, minutes,
       state, reason
FROM activities WHERE consortium_id = $1
ORDER BY starts_at IS NULL, starts_at DESC, code LIMIT 300;

-- name: requests
-- What schools asked for and did not get yet.
SELECT request_id, code, school_id, line, subject, group_size, from_day, until_day, state, candidates FROM requests
WHERE consortium_id = $1 AND state = 'open' ORDER BY until_day, code LIMIT 100;

-- name: milestones
-- The planning, in the order of its days, with how many were told.
SELECT milestone_id, code, title, kind, day, from_day, starts_at, ends_at, state,
       (SELECT count(*) FROM notices WHERE notices.consortium_id = milestones.consortium_id
           AND notices.milestone_id = milestones.milestone_id AND notices.state = 'sent') AS told
FROM milestones WHERE consortium_id = $1 ORDER BY day, starts_at NULLS FIRST, code;

-- name: notices
-- How many notices ended how.
SELECT state, count(*) AS notices FROM notices WHERE consortium_id = $1 GROUP BY state;

-- name: books
-- The last seal of the books, and up to which day they are closed.
SELECT seals.batch, seals.count, seals.head, seals.sealed_at, seals.broken_at, closed_periods.until
FROM (SELECT $1::uuid AS consortium_id) AS asked
LEFT JOIN seals USING (consortium_id) LEFT JOIN closed_periods USING (consortium_id);

-- name: lately
-- The last events of the region.
SELECT event_id, type, source, subject, correlation_id, occurred_at FROM heard
WHERE consortium_id = $1 ORDER BY occurred_at DESC LIMIT $2;

-- name: about
-- Events about one thing: by the id of the event, of what it was about, or of what caused it.
SELECT event_id, type, source, subject, correlation_id, trace_id, occurred_at, heard_at FROM heard
WHERE consortium_id = $1 AND (event_id = $2 OR split_part(subject, '/', 2) = $2)
ORDER BY occurred_at LIMIT 500;

-- name: caused
-- All that was caused together with these.
SELECT event_id, type, source, subject, correlation_id, trace_id, occurred_at, heard_at FROM heard
WHERE consortium_id = $1 AND correlation_id = ANY ($2::uuid[]) ORDER BY occurred_at, heard_at LIMIT 500;

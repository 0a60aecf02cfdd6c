-- name: grant_awarded
-- A grant. What supplements made of it since is not undone.
INSERT INTO grants (consortium_id, grant_id, code, scheme, cents, first_day, last_day, seq)
SELECT DISTINCT ON (consortium_id, grant_id) consortium_id, grant_id, code, scheme, cents, from_, until, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, grant_id uuid, code text, scheme text,
    cents bigint, from_ date, until date)
ORDER BY consortium_id, grant_id, seq DESC
ON CONFLICT (consortium_id, grant_id) DO UPDATE SET code = excluded.code, scheme = excluded.scheme,
    cents = excluded.cents, first_day = excluded.first_day, last_day = excluded.last_day, seq = excluded.seq
WHERE grants.seq < excluded.seq;

-- name: grant_supplemented
-- What a grant came to, and until when, with its last supplement.
UPDATE grants SET cents = e.total_cents, last_day = e.until, seq = e.seq
FROM (SELECT DISTINCT ON (consortium_id, grant_id) *
      FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, grant_id uuid, total_cents bigint,
          until date)
      ORDER BY consortium_id, grant_id, seq DESC) AS e
WHERE grants.consortium_id = e.consortium_id AND grants.grant_id = e.grant_id AND grants.seq < e.seq;

-- name: allocation_proposed
-- A division that waits for a second person.
INSERT INTO allocations (consortium_id, allocation_id, grant_id, code, number, lines, effective_on, approved,
    proposed_at, seq)
SELECT DISTINCT ON (consortium_id, allocation_id) consortium_id, allocation_id, grant_id, code, number, lines,
    effective_on, false, occurred_at, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, occurred_at timestamptz, allocation_id uuid,
    grant_id uuid, code text, number int, lines jsonb, effective_on date)
ORDER BY consortium_id, allocation_id, seq DESC
ON CONFLICT (consortium_id, allocation_id) DO UPDATE SET lines = excluded.lines, effective_on = excluded.effective_on,
    approved = false, proposed_at = excluded.proposed_at, seq = excluded.seq
WHERE allocations.seq < excluded.seq;

-- name: allocation_approved
-- A division that a second person approved.
INSERT INTO allocations (consortium_id, allocation_id, grant_id, code, number, lines, effective_on, approved,
    proposed_at, seq)
SELECT DISTINCT ON (consortium_id, allocation_id) consortium_id, allocation_id, grant_id, code, number, lines,
    effective_on, true, occurred_at, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, occurred_at timestamptz, allocation_id uuid,
    grant_id uuid, code text, number int, lines jsonb, effective_on date)
ORDER BY consortium_id, allocation_id, seq DESC
ON CONFLICT (consortium_id, allocation_id) DO UPDATE SET lines = excluded.lines, effective_on = excluded.effective_on,
    approved = true, seq = excluded.seq
WHERE allocations.seq < excluded.seq;

-- name: commitment_made
-- Money of a line that was committed.
INSERT INTO commitments (consortium_id, reservation_id, line, cents, seq)
SELECT DISTINCT ON (consortium_id, reservation_id) consortium_id, reservation_id, line, cents, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, reservation_id uuid, line text, cents bigint)
ORDER BY consortium_id, reservation_id, seq DESC
ON CONFLICT (consortium_id, reservation_id) DO UPDATE SET line = excluded.line, cents = excluded.cents,
    seq = excluded.seq
WHERE commitments.seq < excluded.seq;

-- name: commitment_reduced
-- What is left of a commitment after a part went back.
INSERT INTO commitments (consortium_id, reservation_id, line, cents, seq)
SELECT DISTINCT ON (consortium_id, reservation_id) consortium_id, reservation_id, line, left_cents, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, reservation_id uuid, line text,
    left_cents bigint)
ORDER BY consortium_id, reservation_id, seq DESC
ON CONFLICT (consortium_id, reservation_id) DO UPDATE SET cents = excluded.cents, seq = excluded.seq
WHERE commitments.seq < excluded.seq;

-- name: commitment_released
-- A commitment that was given back whole.
INSERT INTO commitments (consortium_id, reservation_id, line, cents, seq)
SELECT DISTINCT ON (consortium_id, reservation_id) consortium_id, reservation_id, line, 0, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, reservation_id uuid, line text)
ORDER BY consortium_id, reservation_id, seq DESC
ON CONFLICT (consortium_id, reservation_id) DO UPDATE SET cents = 0, seq = excluded.seq
WHERE commitments.seq < excluded.seq;

-- name: claim_submitted
-- A claim that waits for a second person.
INSERT INTO claims (consortium_id, claim_id, reservation_id, line, organisation_id, cents, state, at, seq)
SELECT DISTINCT ON (consortium_id, claim_id) consortium_id, claim_id, reservation_id, line, organisation_id, cents,
    'submitted', occurred_at, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, occurred_at timestamptz, claim_id uuid,
    reservation_id uuid, line text, organisation_id uuid, cents bigint)
ORDER BY consortium_id, claim_id, seq DESC
ON CONFLICT (consortium_id, claim_id) DO UPDATE SET cents = excluded.cents, state = excluded.state, at = excluded.at,
    seq = excluded.seq
WHERE claims.seq < excluded.seq;

-- name: claim_moved
-- What became of a claim.
UPDATE claims SET state = replace(e.type, 'claim-', ''), seq = e.seq
FROM (SELECT DISTINCT ON (consortium_id, claim_id) *
      FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, claim_id uuid, type text)
      ORDER BY consortium_id, claim_id, seq DESC) AS e
WHERE claims.consortium_id = e.consortium_id AND claims.claim_id = e.claim_id AND claims.seq < e.seq;

-- name: statement_issued
-- Who was asked for a pledge, and until when.
INSERT INTO statements (consortium_id, statement_id, organisation_id, deadline, title, seq)
SELECT DISTINCT ON (consortium_id, statement_id) consortium_id, statement_id, organisation_id, deadline, title, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, statement_id uuid, organisation_id uuid,
    deadline date, title text)
ORDER BY consortium_id, statement_id, seq DESC
ON CONFLICT (consortium_id, statement_id) DO UPDATE SET deadline = excluded.deadline, title = excluded.title,
    seq = excluded.seq
WHERE statements.seq < excluded.seq;

-- name: pledge_signed
-- What an organisation promised last.
INSERT INTO pledges (consortium_id, pledge_id, organisation_id, minutes, cents, signed_on, first_day, last_day, lines,
    seq)
SELECT DISTINCT ON (consortium_id, pledge_id) consortium_id, pledge_id, organisation_id, minutes, cents, signed_on,
    from_, until, lines, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, pledge_id uuid, organisation_id uuid,
    minutes bigint, cents bigint, signed_on date, from_ date, until date, lines jsonb)
ORDER BY consortium_id, pledge_id, seq DESC
ON CONFLICT (consortium_id, pledge_id) DO UPDATE SET minutes = excluded.minutes, cents = excluded.cents,
    signed_on = excluded.signed_on, first_day = excluded.first_day, last_day = excluded.last_day,
    lines = excluded.lines, seq = excluded.seq
WHERE pledges.seq < excluded.seq;

-- name: contribution_declared
-- Contributions that were booked; the record of each, when it came from a sender, has had its effect.
WITH told AS (
    SELECT DISTINCT ON (consortium_id, contribution_id) *
    FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, occurred_at timestamptz,
        contribution_id uuid, organisation_id uuid, line text, day date, kind text, minutes bigint, value_cents bigint,
        origin text, sender text, record_id text)
    ORDER BY consortium_id, contribution_id, seq DESC
), settled AS (
    INSERT INTO records (consortium_id, sender, record_id, outcome, codes, organisation_id, line, day, at)
    SELECT DISTINCT ON (consortium_id, sender, record_id) consortium_id, sender, record_id, 'booked', '{}',
        organisation_id, line, day, occurred_at
    FROM told WHERE sender IS NOT NULL AND record_id IS NOT NULL
    ORDER BY consortium_id, sender, record_id, occurred_at DESC
    ON CONFLICT (consortium_id, sender, record_id) DO UPDATE SET outcome = excluded.outcome, codes = excluded.codes,
        organisation_id = excluded.organisation_id, line = excluded.line, day = excluded.day, at = excluded.at
    WHERE (records.at, records.rank) < (excluded.at, excluded.rank)
)
INSERT INTO contributions (consortium_id, contribution_id, organisation_id, line, day, kind, minutes, cents, origin,
    state, declared_at, seq)
SELECT consortium_id, contribution_id, organisation_id, line, day, kind, minutes, value_cents, origin, 'declared',
    occurred_at, seq
FROM told
ON CONFLICT DO NOTHING;

-- name: contribution_moved
-- Where contributions stand after all that is said of each.
UPDATE contributions SET state = replace(e.type, 'contribution-', ''), seq = e.seq
FROM (SELECT DISTINCT ON (consortium_id, contribution_id) *
      FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, contribution_id uuid, type text)
      ORDER BY consortium_id, contribution_id, seq DESC) AS e
WHERE contributions.consortium_id = e.consortium_id AND contributions.contribution_id = e.contribution_id
  AND contributions.seq < e.seq;

-- name: contribution_held
-- Records that wait for a person.
INSERT INTO records (consortium_id, sender, record_id, outcome, codes, organisation_id, line, day, at)
SELECT DISTINCT ON (consortium_id, sender, record_id) consortium_id, coalesce(sender, ''), record_id, 'held',
    ARRAY[code], organisation_id, line, day, occurred_at
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, occurred_at timestamptz, sender text, record_id text,
    code text, organisation_id uuid, line text, day date)
ORDER BY consortium_id, sender, record_id, occurred_at DESC
ON CONFLICT (consortium_id, sender, record_id) DO UPDATE SET outcome = excluded.outcome, codes = excluded.codes,
    organisation_id = excluded.organisation_id, line = excluded.line, day = excluded.day, at = excluded.at
WHERE (records.at, records.rank) < (excluded.at, excluded.rank);

-- name: contribution_refused
-- Records that were refused.
INSERT INTO records (consortium_id, sender, record_id, outcome, codes, at)
SELECT DISTINCT ON (consortium_id, sender, record_id) consortium_id, sender, record_id, 'refused',
    ARRAY(SELECT jsonb_array_elements_text(codes)), occurred_at
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, occurred_at timestamptz, sender text, record_id text,
    codes jsonb)
ORDER BY consortium_id, sender, record_id, occurred_at DESC
ON CONFLICT (consortium_id, sender, record_id) DO UPDATE SET outcome = excluded.outcome, codes = excluded.codes,
    organisation_id = NULL, line = NULL, day = NULL, at = excluded.at
WHERE (records.at, records.rank) < (excluded.at, excluded.rank);

-- name: position_changed
-- Where the co-financing stood, the last of each day.
INSERT INTO positions (consortium_id, day, realised_cents, realised_minutes, declared_cents, declared_minutes,
    promised_cents, promised_minutes, forecast_cents, as_of, readings, at, seq)
SELECT DISTINCT ON (consortium_id, (occurred_at AT TIME ZONE 'UTC')::date) consortium_id,
    (occurred_at AT TIME ZONE 'UTC')::date, realised_cents, realised_minutes, declared_cents, declared_minutes,
    promised_cents, promised_minutes, forecast_cents, as_of, readings, occurred_at, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, occurred_at timestamptz, realised_cents bigint,
    realised_minutes bigint, declared_cents bigint, declared_minutes bigint, promised_cents bigint,
    promised_minutes bigint, forecast_cents bigint, as_of date, readings jsonb)
ORDER BY consortium_id, (occurred_at AT TIME ZONE 'UTC')::date, seq DESC
ON CONFLICT (consortium_id, day) DO UPDATE SET realised_cents = excluded.realised_cents,
    realised_minutes = excluded.realised_minutes, declared_cents = excluded.declared_cents,
    declared_minutes = excluded.declared_minutes, promised_cents = excluded.promised_cents,
    promised_minutes = excluded.promised_minutes, forecast_cents = excluded.forecast_cents, as_of = excluded.as_of,
    readings = excluded.readings, at = excluded.at, seq = excluded.seq
WHERE positions.seq < excluded.seq;

-- name: period_closed
-- Up to which day the books are closed.
INSERT INTO closed_periods (consortium_id, until, at)
SELECT DISTINCT ON (consortium_id) consortium_id, until, occurred_at
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, until date, occurred_at timestamptz)
ORDER BY consortium_id, until DESC
ON CONFLICT (consortium_id) DO UPDATE SET until = excluded.until, at = excluded.at
WHERE closed_periods.until < excluded.until;

-- name: entries_sealed
-- The last seal of each region, and the first that does not follow from the one before it: the chain was broken there.
WITH told AS (
    SELECT DISTINCT ON (e.consortium_id, e.batch) e.consortium_id, e.batch, e.count, e.head, e.previous, e.sealed_at
    FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, batch bigint, count bigint, head text, previous text,
        sealed_at timestamptz)
    ORDER BY e.consortium_id, e.batch
), known AS (
    SELECT consortium_id, batch, head FROM told
    UNION ALL
    SELECT seals.consortium_id, seals.batch, seals.head
    FROM seals WHERE consortium_id IN (SELECT consortium_id FROM told)
), broken AS (
    SELECT told.consortium_id, min(told.batch) AS batch
    FROM told JOIN known ON known.consortium_id = told.consortium_id AND known.batch = told.batch - 1
    WHERE known.head <> told.previous
    GROUP BY 1
)
INSERT INTO seals (consortium_id, batch, count, head, previous, sealed_at, broken_at)
SELECT DISTINCT ON (told.consortium_id) told.consortium_id, told.batch, told.count, told.head, told.previous,
    told.sealed_at, broken.batch
FROM told LEFT JOIN broken USING (consortium_id)
ORDER BY told.consortium_id, told.batch DESC
ON CONFLICT (consortium_id) DO UPDATE SET batch = excluded.batch, count = excluded.count, head = excluded.head,
    previous = excluded.previous, sealed_at = excluded.sealed_at,
    broken_at = least(seals.broken_at, excluded.broken_at)
WHERE seals.batch < excluded.batch;

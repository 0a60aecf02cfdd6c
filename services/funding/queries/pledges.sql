-- name: open_pledge
-- Makes room for a pledge, so that two who sign it at once do so one after the other; its row is then locked.
INSERT INTO pledges (consortium_id, pledge_id, code, organisation_id, version) VALUES ($1, $2, $3, $4, 0)
ON CONFLICT DO NOTHING;

-- name: lock_pledge
-- A pledge, locked for whoever signs it anew.
SELECT organisation_id, version FROM pledges WHERE consortium_id = $1 AND pledge_id = $2 FOR UPDATE;

-- name: pledges
-- A page of pledges by code, each as it holds now: of one code or one organisation when given.
SELECT pledge.pledge_id, pledge.code, pledge.organisation_id, pledge.version, signed.statement_id, signed.signed_on,
       signed.from_day, signed.until_day,
       array_agg(promise.line ORDER BY promise.position) AS lines,
       array_agg(promise.minutes ORDER BY promise.position) AS minutes,
       array_agg(promise.material_cents ORDER BY promise.position) AS material_cents,
       array_agg(promise.cents ORDER BY promise.position) AS cents,
       array_agg(promise.facilities_cents ORDER BY promise.position) AS facilities_cents,
       array_agg(promise.cash_cents ORDER BY promise.position) AS cash_cents,
       array_agg(promise.term_year ORDER BY promise.position) AS term_years,
       array_agg(promise.term_number ORDER BY promise.position) AS term_numbers
FROM pledges AS pledge
JOIN pledge_versions AS signed USING (consortium_id, pledge_id, version)
JOIN pledge_lines AS promise USING (consortium_id, pledge_id, version)
WHERE pledge.consortium_id = $1 AND pledge.code > $2
  AND ($3::text IS NULL OR pledge.code = $3)
  AND ($4::uuid IS NULL OR pledge.organisation_id = $4)
GROUP BY pledge.consortium_id, pledge.pledge_id, signed.consortium_id, signed.pledge_id, signed.version
ORDER BY pledge.code
LIMIT $5;

-- name: end_pledge_version
-- From this day another signing holds.
UPDATE pledge_versions SET replaced_on = $4 WHERE consortium_id = $1 AND pledge_id = $2 AND version = $3;

-- name: insert_pledge_version
-- Adds a signing.
INSERT INTO pledge_versions (consortium_id, pledge_id, version, statement_id, signed_on, from_day, until_day)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: insert_pledge_lines
-- Adds what a signing promises for each line, in a term with its days or over the whole period.
INSERT INTO pledge_lines (consortium_id, pledge_id, version, line, position, minutes, material_cents, cents,
                          facilities_cents, cash_cents, term_year, term_number, from_day, until_day)
SELECT $1, $2, $3, line, position, minutes, material_cents, cents, facilities_cents, cash_cents, term_year, term_number,
       from_day, until_day
FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::smallint[],
            $11::smallint[], $12::date[], $13::date[])
     WITH ORDINALITY AS promise (line, minutes, material_cents, cents, facilities_cents, cash_cents, term_year,
                                 term_number, from_day, until_day, position);

-- name: update_pledge
-- Notes which signing holds.
UPDATE pledges SET version = $3 WHERE consortium_id = $1 AND pledge_id = $2;

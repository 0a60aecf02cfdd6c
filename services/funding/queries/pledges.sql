-- name: lock_statement
-- The form with this code, locked for whoever issues it anew.
SELECT statement_id, code, organisation_id, title, deadline, version FROM statements
WHERE consortium_id = $1 AND code = $2
FOR UPDATE;

-- name: save_statement
-- Keeps a form as it was issued; a row comes back unless another made the same version first.
INSERT INTO statements (consortium_id, statement_id, code, organisation_id, title, deadline, version)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (consortium_id, statement_id) DO UPDATE
SET title = excluded.title, deadline = excluded.deadline, version = excluded.version
WHERE statements.version = excluded.version - 1
RETURNING version;

-- name: statements
-- A page of forms by code, with the codes of the pledges that answer them; of one organisation when given.
SELECT form.statement_id, form.code, form.organisation_id, form.title, form.deadline, form.version,
       array(SELECT DISTINCT pledge.code
             FROM pledge_versions AS signed
             JOIN pledges AS pledge USING (consortium_id, pledge_id, version)
             WHERE signed.consortium_id = form.consortium_id AND signed.statement_id = form.statement_id
             ORDER BY pledge.code) AS pledges
FROM statements AS form
WHERE form.consortium_id = $1 AND form.code > $2
  AND ($3::uuid IS NULL OR form.organisation_id = $3)
ORDER BY form.code
LIMIT $4;

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
       array_agg(promise.cents ORDER BY promise.position) AS cents
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
-- Adds what a signing promises for each line.
INSERT INTO pledge_lines (consortium_id, pledge_id, version, line, position, minutes, material_cents, cents)
SELECT $1, $2, $3, line, position, minutes, material_cents, cents
FROM unnest($4::text[], $5::bigint[], $6::bigint[], $7::bigint[])
     WITH ORDINALITY AS promise (line, minutes, material_cents, cents, position);

-- name: update_pledge
-- Notes which signing holds.
UPDATE pledges SET version = $3 WHERE consortium_id = $1 AND pledge_id = $2;

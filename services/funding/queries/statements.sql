-- name: statement
-- The form with this code.
SELECT * FROM statements WHERE consortium_id = $1 AND code = $2;

-- name: lock_statement
-- The form with this code, locked for whoever issues it anew or answers it, and whether a pledge was signed for it.
SELECT form.*, EXISTS (SELECT FROM pledge_versions AS signed
                       JOIN pledges AS pledge USING (consortium_id, pledge_id, version)
                       WHERE signed.consortium_id = form.consortium_id AND signed.statement_id = form.statement_id
                      ) AS answered
FROM statements AS form
WHERE form.consortium_id = $1 AND form.code = $2
FOR UPDATE OF form;

-- name: lock_statements
-- The forms with these ids, locked in order of id, and whether a pledge was signed for each.
SELECT form.*, EXISTS (SELECT FROM pledge_versions AS signed
                       JOIN pledges AS pledge USING (consortium_id, pledge_id, version)
                       WHERE signed.consortium_id = form.consortium_id AND signed.statement_id = form.statement_id
                      ) AS answered
FROM statements AS form
WHERE form.consortium_id = $1 AND form.statement_id = ANY ($2)
ORDER BY form.statement_id
FOR UPDATE OF form;

-- name: save_statements
-- Keeps forms as they were issued; the ids come back of those of which nobody made the same version first.
INSERT INTO statements (consortium_id, statement_id, code, organisation_id, title, deadline, from_day, until_day,
                        expected, remind_days, round_id, version)
SELECT $1, form.statement_id, form.code, form.organisation_id, form.title, form.deadline, form.from_day, form.until_day,
       form.expected, array(SELECT jsonb_array_elements(form.remind_days)::smallint), form.round_id, form.version
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::date[], $7::date[], $8::date[], $9::jsonb[],
            $10::jsonb[], $11::uuid[], $12::bigint[])
     AS form (statement_id, code, organisation_id, title, deadline, from_day, until_day, expected, remind_days, round_id,
              version)
ON CONFLICT (consortium_id, statement_id) DO UPDATE
SET title = excluded.title, deadline = excluded.deadline, from_day = excluded.from_day, until_day = excluded.until_day,
    expected = excluded.expected, remind_days = excluded.remind_days, version = excluded.version
WHERE statements.version = excluded.version - 1
RETURNING statement_id;

-- name: forget_reminders
-- What was still to be reminded of these forms is not.
DELETE FROM statements_to_remind WHERE consortium_id = $1 AND statement_id = ANY ($2);

-- name: plan_reminders
-- Notes on which days forms are to be reminded of.
INSERT INTO statements_to_remind (consortium_id, statement_id, days_before, remind_on)
SELECT $1, * FROM unnest($2::uuid[], $3::smallint[], $4::date[]);

-- name: reminders_due
-- The forms with a reminder of a day up to this one, by region and form.
SELECT DISTINCT consortium_id, statement_id FROM statements_to_remind
WHERE remind_on <= $1
ORDER BY consortium_id, statement_id;

-- name: take_reminders
-- Takes the reminders of a form out of the list that are of a day up to this one, the last first.
WITH taken AS (
    DELETE FROM statements_to_remind WHERE consortium_id = $1 AND statement_id = $2 AND remind_on <= $3
    RETURNING days_before
)
SELECT days_before FROM taken ORDER BY days_before;

-- name: statements
-- A page of forms by code, with how far each is and the codes of the pledges that answer it: of some organisations, of one
-- round or with one code when given.
SELECT form.*, round.code AS round, answer.version AS answer_version,
       array(SELECT DISTINCT pledge.code
             FROM pledge_versions AS signed
             JOIN pledges AS pledge USING (consortium_id, pledge_id, version)
             WHERE signed.consortium_id = form.consortium_id AND signed.statement_id = form.statement_id
             ORDER BY pledge.code) AS pledges
FROM statements AS form
LEFT JOIN statement_rounds AS round USING (consortium_id, round_id)
LEFT JOIN statement_answers AS answer USING (consortium_id, statement_id)
WHERE form.consortium_id = $1 AND form.code > $2
  AND ($3::uuid[] IS NULL OR form.organisation_id = ANY ($3))
  AND ($4::text IS NULL OR round.code = $4)
  AND ($5::text IS NULL OR form.code = $5)
ORDER BY form.code
LIMIT $6;

-- name: open_round
-- Makes room for a round, so that two who issue it at once do so one after the other.
INSERT INTO statement_rounds (consortium_id, round_id, code, title, deadline, audiences, kinds, expected, remind_days,
                              exceptions, version)
VALUES ($1, $2, $3, '', 'infinity', '{}', '{}', '[]', '{}', '[]', 0)
ON CONFLICT DO NOTHING;

-- name: lock_round
-- A round, locked for whoever issues it anew.
SELECT * FROM statement_rounds WHERE consortium_id = $1 AND round_id = $2 FOR UPDATE;

-- name: save_round
-- Keeps a round that the caller holds.
UPDATE statement_rounds
SET title = $3, deadline = $4, audiences = $5, kinds = $6, from_day = $7, until_day = $8, expected = $9::jsonb,
    remind_days = $10, exceptions = $11::jsonb, version = $12
WHERE consortium_id = $1 AND round_id = $2;

-- name: statement_rounds
-- A page of rounds by code, with how many forms each has, how many are filled in and how many signed; one when given.
SELECT round.*, count(form.statement_id) AS forms, count(answer.statement_id) AS filled,
       count(form.statement_id) FILTER (
           WHERE EXISTS (SELECT FROM pledge_versions AS signed
                         JOIN pledges AS pledge USING (consortium_id, pledge_id, version)
                         WHERE signed.consortium_id = form.consortium_id AND signed.statement_id = form.statement_id)
       ) AS signed
FROM statement_rounds AS round
LEFT JOIN statements AS form USING (consortium_id, round_id)
LEFT JOIN statement_answers AS answer USING (consortium_id, statement_id)
WHERE round.consortium_id = $1 AND round.code > $2 AND ($3::text IS NULL OR round.code = $3)
GROUP BY round.consortium_id, round.round_id
ORDER BY round.code
LIMIT $4;

-- name: statement_answer
-- What is filled in on a form now.
SELECT * FROM statement_answers WHERE consortium_id = $1 AND statement_id = $2;

-- name: save_answer
-- Keeps what is filled in on a form that the caller holds.
INSERT INTO statement_answers (consortium_id, statement_id, lines, form_version, filled_by, filled_at, via, version)
VALUES ($1, $2, $3::jsonb, $4, $5, $6, $7, $8)
ON CONFLICT (consortium_id, statement_id) DO UPDATE
SET lines = excluded.lines, form_version = excluded.form_version, filled_by = excluded.filled_by,
    filled_at = excluded.filled_at, via = excluded.via, version = excluded.version;

-- name: statement_signatures
-- Who signed a form, in order.
SELECT * FROM statement_signatures WHERE consortium_id = $1 AND statement_id = $2 ORDER BY position;

-- name: insert_signature
-- Adds a signature.
INSERT INTO statement_signatures (consortium_id, statement_id, position, signed_by, signed_on, signed_at, place, sha256,
                                  document, form_version, pledge_id, pledge_version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: capacity_needs
-- What the office needs, by line; of one line when given.
SELECT line, terms, version FROM capacity_needs
WHERE consortium_id = $1 AND ($2::text IS NULL OR line = $2)
ORDER BY line;

-- name: save_capacity_need
-- Keeps what is needed for a line; a row comes back when that is anything new.
INSERT INTO capacity_needs AS kept (consortium_id, line, terms, version) VALUES ($1, $2, $3::jsonb, 1)
ON CONFLICT (consortium_id, line) DO UPDATE SET terms = excluded.terms, version = kept.version + 1
WHERE kept.terms <> excluded.terms
RETURNING version;

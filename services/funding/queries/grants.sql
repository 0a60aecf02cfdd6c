-- name: insert_grant
-- Adds a grant; nothing happens when its code is on record.
INSERT INTO grants (consortium_id, grant_id, code, scheme, awarded_cents, from_day, until_day, awarded_on, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT DO NOTHING;

-- name: lock_grant
-- A grant, locked for whoever supplements or allocates it: by its code or its id.
SELECT grant_id, code, scheme, awarded_cents, from_day, until_day, awarded_on, version FROM grants
WHERE consortium_id = $1 AND (code = $2 OR grant_id = $3)
FOR UPDATE;

-- name: grants
-- The grants of the region, or the one with this code.
SELECT grant_id, code, scheme, awarded_cents, from_day, until_day, awarded_on, version FROM grants
WHERE consortium_id = $1 AND ($2::text IS NULL OR code = $2)
ORDER BY from_day, code;

-- name: supplements
-- The supplements of the region's grants, in the order in which they came.
SELECT grant_id, supplement_id, code, cents, until_day, awarded_on, reason FROM grant_supplements
WHERE consortium_id = $1
ORDER BY grant_id, position;

-- name: insert_supplement
-- Adds a supplement to a grant.
INSERT INTO grant_supplements (consortium_id, grant_id, supplement_id, code, cents, until_day, awarded_on, reason,
                               position)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: update_grant_version
-- Counts what happened to a grant.
UPDATE grants SET version = $3 WHERE consortium_id = $1 AND grant_id = $2;

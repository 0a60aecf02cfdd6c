-- name: applications
-- The region's applications by code, or the one with this code.
SELECT * FROM applications WHERE consortium_id = $1 AND ($2::text IS NULL OR code = $2) ORDER BY code;

-- name: lock_application
-- An application, locked for whoever changes it.
SELECT * FROM applications WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: claim_application
-- Adds an application; nothing happens when its code is on record.
INSERT INTO applications (consortium_id, application_id, code, scheme, title, from_day, until_day, items, state, drafted_by,
                          reason, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, 'draft', $9, '', $10)
ON CONFLICT DO NOTHING;

-- name: update_application
-- Gives an application what it says and where it stands.
UPDATE applications
SET scheme = $3, title = $4, from_day = $5, until_day = $6, items = $7::jsonb, state = $8, drafted_by = $9,
    submitted_by = $10, submitted_on = $11, decided_on = $12, grant_code = $13, reason = $14, version = $15
WHERE consortium_id = $1 AND application_id = $2;

-- name: open_scheme
-- Makes the scheme when it is new; its rows are then locked with lock_scheme.
INSERT INTO schemes (consortium_id, scheme_id, code, title, version) VALUES ($1, $2, $3, $4, 0)
ON CONFLICT (consortium_id, scheme_id) DO NOTHING;

-- name: lock_scheme
-- The scheme, locked for whoever adds rules to it.
SELECT scheme_id, code, title, version FROM schemes WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: schemes
-- The schemes of the region, or the one with this code.
SELECT scheme_id, code, title, version FROM schemes
WHERE consortium_id = $1 AND ($2::text IS NULL OR code = $2)
ORDER BY code;

-- name: scheme_rules
-- The rules of the region's schemes, oldest knowledge first.
SELECT scheme_id, code, about, terms, valid_from, valid_until, known_from, source, reason, flagged
FROM scheme_rules
WHERE consortium_id = $1 AND ($2::uuid IS NULL OR scheme_id = $2)
ORDER BY known_from, valid_from, code;

-- name: update_scheme
-- Gives the scheme its title and version.
UPDATE schemes SET title = $3, version = $4 WHERE consortium_id = $1 AND scheme_id = $2;

-- name: insert_scheme_rule
-- Adds a rule to a scheme.
INSERT INTO scheme_rules (consortium_id, scheme_id, code, about, terms, valid_from, valid_until, known_from, source,
                          reason, flagged)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11);

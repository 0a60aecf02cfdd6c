-- name: open_scheme
-- Makes the scheme when it is new; its rows are then locked with lock_scheme.
INSERT INTO schemes (consortium_id, scheme_id, code, title, version) VALUES ($1, $2, $3, $4, 0)
ON CONFLICT DO NOTHING;

-- name: lock_scheme
-- The scheme, locked for whoever adds rules to it.
SELECT scheme_id, code, title, version FROM schemes WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: schemes
-- The schemes of the region, or the one with this code.
SELECT scheme_id, code, title, version FROM schemes
WHERE consortium_id = $1 AND ($2::text IS NULL OR code = $2)
ORDER BY code;

-- name: scheme_rules
-- The rules of the region's schemes, oldest knowledge first; with $3 as they were on record at that version.
SELECT scheme_id, code, about, terms, valid_from, valid_until, known_from, source, reason, flagged, replaces
FROM scheme_rules
WHERE consortium_id = $1 AND ($2::uuid IS NULL OR scheme_id = $2) AND ($3::bigint IS NULL OR recorded_version <= $3)
ORDER BY known_from, valid_from, code;

-- name: update_scheme
-- Gives the scheme its title and version.
UPDATE schemes SET title = $3, version = $4 WHERE consortium_id = $1 AND scheme_id = $2;

-- name: insert_scheme_rule
-- Adds a rule to a scheme.
INSERT INTO scheme_rules (consortium_id, scheme_id, code, about, terms, valid_from, valid_until, known_from, source,
                          reason, flagged, replaces, recorded_version)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11, $12, $13);

-- name: insert_base_decision
-- Adds a proposal on which reading of the base holds.
INSERT INTO base_decisions (consortium_id, decision_id, scheme_id, base, valid_from, reason, source, state, proposed_by,
                            proposed_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'proposed', $8, $9, $10);

-- name: base_decisions
-- Proposals and decisions on the base, oldest first: all, those of a scheme, or one by its id.
SELECT decision_id, schemes.code AS scheme, base, valid_from, reason, source, state, proposed_by, proposed_at, decided_by,
       decided_at, rule, decisions.version
FROM base_decisions AS decisions
JOIN schemes USING (consortium_id, scheme_id)
WHERE consortium_id = $1 AND ($2::text IS NULL OR schemes.code = $2) AND ($3::uuid IS NULL OR decision_id = $3)
ORDER BY proposed_at, decision_id;

-- name: decide_base
-- Notes who decided a proposal, and the rule that it became.
UPDATE base_decisions
SET state = 'decided', decided_by = $3, decided_at = $4, rule = $5, version = $6
WHERE consortium_id = $1 AND decision_id = $2;

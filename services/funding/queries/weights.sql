-- name: location_branches
-- The branch code of every location, as its programme says or as its organisation is registered; the latest programme
-- first where a location is in two.
SELECT DISTINCT ON (line.code) line.code,
       coalesce(line.branch_code, organisation.registry_numbers ->> 'brin') AS branch_code
FROM programme_lines AS line
JOIN programmes AS programme USING (consortium_id, programme_id)
LEFT JOIN organisations AS organisation
    ON organisation.consortium_id = line.consortium_id AND organisation.organisation_id = line.organisation_id
WHERE line.consortium_id = $1 AND line.kind = 'location'
ORDER BY line.code, programme.from_day DESC, programme.programme_id;

-- name: insert_weight_set
-- Keeps a set of weights; nothing happens when its code is on record.
INSERT INTO weight_sets (consortium_id, weight_set_id, code, sha256, branches, counted, imported_by, imported_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8)
ON CONFLICT (consortium_id, weight_set_id) DO NOTHING
RETURNING weight_set_id;

-- name: weight_sets
-- Sets of weights, the latest first: all, or those with these codes.
SELECT weight_set_id, code, sha256, branches, counted, imported_by, imported_at
FROM weight_sets
WHERE consortium_id = $1 AND ($2::text[] IS NULL OR code = ANY ($2))
ORDER BY imported_at DESC, code;

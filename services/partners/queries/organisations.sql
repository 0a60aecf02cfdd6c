-- name: save_organisation
-- Registers an organisation or describes it anew; its version, or nothing when it is as described already.
INSERT INTO organisations AS kept
       (consortium_id, organisation_id, code, name, kind, registry_numbers, municipality, version)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, 1)
ON CONFLICT (consortium_id, organisation_id) DO UPDATE
   SET name = excluded.name, kind = excluded.kind, registry_numbers = excluded.registry_numbers,
       municipality = excluded.municipality, version = kept.version + 1
 WHERE (kept.name, kept.kind, kept.registry_numbers, kept.municipality)
       IS DISTINCT FROM (excluded.name, excluded.kind, excluded.registry_numbers, excluded.municipality)
RETURNING version;

-- name: organisation_by_code
-- One organisation of the region.
SELECT organisation_id, code, name, kind, registry_numbers, municipality, version
  FROM organisations
 WHERE consortium_id = $1 AND code = $2;

-- name: organisations_after
-- A page of the region's organisations by code.
SELECT organisation_id, code, name, kind, registry_numbers, municipality, version
  FROM organisations
 WHERE consortium_id = $1 AND code > $2
 ORDER BY code
 LIMIT $3;

-- name: known_organisations
-- Which of these ids are organisations of the region.
SELECT organisation_id
  FROM organisations
 WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[])
 ORDER BY organisation_id;

-- name: organisation_codes
-- The codes of these organisations.
SELECT organisation_id, code
  FROM organisations
 WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[])
 ORDER BY code;

-- name: kinds_of_organisations
-- The kind of each of these organisations.
SELECT kind
  FROM organisations
 WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[])
 ORDER BY code;

-- name: organisations_of_kinds
-- The organisations of these kinds.
SELECT organisation_id
  FROM organisations
 WHERE consortium_id = $1 AND kind = ANY($2::text[])
 ORDER BY organisation_id;

-- name: link_identity
-- Links an account to a person; the latest link holds. Whether it is a new one; nothing when it was linked so already.
INSERT INTO identities (consortium_id, issuer, subject, person_id)
VALUES ($1, $2, $3, $4)
ON CONFLICT (consortium_id, issuer, subject) DO UPDATE SET person_id = excluded.person_id
 WHERE identities.person_id <> excluded.person_id
RETURNING xmax = 0;

-- name: person_of
-- The person behind an account.
SELECT person_id
  FROM identities
 WHERE consortium_id = $1 AND issuer = $2 AND subject = $3;

-- name: save_person
-- Keeps a person or describes them anew; the version, or nothing when they are as described already.
INSERT INTO persons AS kept (consortium_id, person_id, code, name, email, language, organisation_id, roles, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)
ON CONFLICT (consortium_id, person_id) DO UPDATE
   SET name = excluded.name, email = excluded.email, language = excluded.language,
       organisation_id = excluded.organisation_id, roles = excluded.roles, version = kept.version + 1
 WHERE (kept.name, kept.email, kept.language, kept.organisation_id, kept.roles)
       IS DISTINCT FROM (excluded.name, excluded.email, excluded.language, excluded.organisation_id, excluded.roles)
   AND kept.erasure_asked_at IS NULL
RETURNING version;

-- name: person_by_code
-- One person of the region, with the address.
SELECT person_id, code, name, email, language, organisation_id, roles, version
  FROM persons
 WHERE consortium_id = $1 AND code = $2 AND erasure_asked_at IS NULL;

-- name: everyone
-- All persons of the region, with their addresses.
SELECT person_id, code, name, email, language, organisation_id, roles, version
  FROM persons
 WHERE consortium_id = $1 AND erasure_asked_at IS NULL
 ORDER BY person_id;

-- name: persons_with_role
-- The persons of the region with a role, whatever their organisation, with their addresses.
SELECT person_id, code, name, email, language, organisation_id, roles, version
  FROM persons
 WHERE consortium_id = $1 AND $2 = ANY(roles) AND erasure_asked_at IS NULL
 ORDER BY person_id;

-- name: persons_of_organisations
-- The persons of these organisations that have a role, with their addresses.
SELECT person_id, code, name, email, language, organisation_id, roles, version
  FROM persons
 WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[]) AND $3 = ANY(roles)
 ORDER BY person_id;

-- name: person_by_id
-- One person of the region by id, with the address.
SELECT person_id, code, name, email, language, organisation_id, roles, version
  FROM persons
 WHERE consortium_id = $1 AND person_id = $2 AND erasure_asked_at IS NULL;

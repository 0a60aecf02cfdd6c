-- name: save_consortium
-- Founds a region or describes it anew; its version, or nothing when it is as described already.
INSERT INTO consortia AS kept (consortium_id, code, name, zone, currency, language, standing_policy, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
ON CONFLICT (consortium_id) DO UPDATE
   SET name = excluded.name, zone = excluded.zone, currency = excluded.currency, language = excluded.language,
       standing_policy = excluded.standing_policy, version = kept.version + 1
 WHERE (kept.name, kept.zone, kept.currency, kept.language, kept.standing_policy)
       IS DISTINCT FROM (excluded.name, excluded.zone, excluded.currency, excluded.language, excluded.standing_policy)
RETURNING version;

-- name: consortium
-- One region.
SELECT consortium_id, code, name, zone, currency, language, standing_policy, version
  FROM consortia
 WHERE consortium_id = $1;

-- name: save_programme
-- Plans a programme or changes it; its version, or nothing when it is as planned already.
INSERT INTO programmes AS kept (consortium_id, programme_id, code, title, first_day, last_day, lines, version)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, 1)
ON CONFLICT (consortium_id, programme_id) DO UPDATE
   SET title = excluded.title, first_day = excluded.first_day, last_day = excluded.last_day, lines = excluded.lines,
       version = kept.version + 1
 WHERE (kept.title, kept.first_day, kept.last_day, kept.lines)
       IS DISTINCT FROM (excluded.title, excluded.first_day, excluded.last_day, excluded.lines)
RETURNING version;

-- name: programme_by_code
-- One programme of the region.
SELECT programme_id, code, title, first_day, last_day, lines, version
  FROM programmes
 WHERE consortium_id = $1 AND code = $2;

-- name: latest_programme
-- The programme of the region that started last, which is the one that work is booked on.
SELECT programme_id, code, title, first_day, last_day, lines, version
  FROM programmes
 WHERE consortium_id = $1
 ORDER BY first_day DESC, code DESC
 LIMIT 1;

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

-- name: link_identity
-- Links an account to a person; the latest link holds.
INSERT INTO identities (consortium_id, issuer, subject, person_id)
VALUES ($1, $2, $3, $4)
ON CONFLICT (consortium_id, issuer, subject) DO UPDATE SET person_id = excluded.person_id
 WHERE identities.person_id <> excluded.person_id;

-- name: person_of
-- The person behind an account.
SELECT person_id
  FROM identities
 WHERE consortium_id = $1 AND issuer = $2 AND subject = $3;

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

-- name: lock_consortium
-- One region, locked.
SELECT consortium_id, code, name, zone, currency, language, standing_policy, version
  FROM consortia
 WHERE consortium_id = $1
   FOR NO KEY UPDATE;

-- name: step_consortium
-- Something else happened to the region than a new description; its version.
UPDATE consortia SET version = version + 1 WHERE consortium_id = $1 RETURNING version;

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

-- name: programmes
-- All programmes of the region, by code.
SELECT programme_id, code, title, first_day, last_day, lines, version
  FROM programmes
 WHERE consortium_id = $1
 ORDER BY code;

-- name: latest_programme
-- The programme of the region that started last, which is the one that work is booked on.
SELECT programme_id, code, title, first_day, last_day, lines, version
  FROM programmes
 WHERE consortium_id = $1
 ORDER BY first_day DESC, code DESC
 LIMIT 1;

-- name: planned_spearheads
-- The codes of all spearheads of the region's programmes.
SELECT DISTINCT spearhead ->> 'code' AS code
  FROM programmes, jsonb_array_elements(lines -> 'spearheads') AS spearhead
 WHERE consortium_id = $1
 ORDER BY code;

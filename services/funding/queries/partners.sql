-- name: save_consortium
-- Keeps the region's copy, unless a later event already did.
INSERT INTO consortia (consortium_id, code, zone, currency, language, sequence) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id) DO UPDATE
SET code = excluded.code, zone = excluded.zone, currency = excluded.currency, language = excluded.language,
    sequence = excluded.sequence
WHERE consortia.sequence < excluded.sequence;

-- name: consortium
-- One region; no row when it is not known here yet.
SELECT consortium_id, code, zone, currency, language FROM consortia WHERE consortium_id = $1;

-- name: save_programme
-- Keeps a programme's copy; a row comes back when this event is later than what was known.
INSERT INTO programmes (consortium_id, programme_id, code, from_day, until_day, sequence) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id, programme_id) DO UPDATE
SET code = excluded.code, from_day = excluded.from_day, until_day = excluded.until_day, sequence = excluded.sequence
WHERE programmes.sequence < excluded.sequence
RETURNING sequence;

-- name: delete_programme_lines
-- Forgets the lines of a programme.
DELETE FROM programme_lines WHERE consortium_id = $1 AND programme_id = $2;

-- name: save_programme_lines
-- Keeps the lines of a programme.
INSERT INTO programme_lines (consortium_id, programme_id, code, kind, title, budgeted, branch_code, organisation_id)
SELECT $1, $2, line.code, line.kind, line.title, line.budgeted, line.branch_code, line.organisation_id
FROM unnest($3::text[], $4::text[], $5::text[], $6::boolean[], $7::text[], $8::uuid[])
     AS line (code, kind, title, budgeted, branch_code, organisation_id);

-- name: programme_lines
-- The lines of the region's programmes with their period, by code; the latest programme first where a code is in two.
SELECT line.code, line.kind, line.title, line.budgeted, programme.from_day, programme.until_day
FROM programme_lines AS line
JOIN programmes AS programme USING (consortium_id, programme_id)
WHERE line.consortium_id = $1
ORDER BY line.code, programme.from_day DESC, programme.programme_id;

-- name: save_organisation
-- Keeps an organisation's copy; a row comes back when this event is later than what was known.
INSERT INTO organisations (consortium_id, organisation_id, code, name, kind, registry_numbers, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (consortium_id, organisation_id) DO UPDATE
SET code = excluded.code, name = excluded.name, kind = excluded.kind, registry_numbers = excluded.registry_numbers,
    sequence = excluded.sequence
WHERE organisations.sequence < excluded.sequence
RETURNING sequence;

-- name: delete_organisation_references
-- Forgets what an organisation was called.
DELETE FROM organisation_references WHERE consortium_id = $1 AND organisation_id = $2;

-- name: save_organisation_references
-- Keeps what an organisation may be called.
INSERT INTO organisation_references (consortium_id, organisation_id, reference)
SELECT $1, $2, reference FROM unnest($3::text[]) AS reference;

-- name: organisations
-- The organisations of a region by code: all, or those with these ids.
SELECT organisation_id, code, name, kind, registry_numbers
FROM organisations
WHERE consortium_id = $1 AND ($2::uuid[] IS NULL OR organisation_id = ANY ($2))
ORDER BY code, organisation_id;

-- name: organisation_by_reference
-- The organisations of a region that go by this name: one, unless two were given the same registry number.
SELECT organisation_id, code, name, kind, registry_numbers
FROM organisation_references
JOIN organisations USING (consortium_id, organisation_id)
WHERE consortium_id = $1 AND reference = $2
ORDER BY organisation_id;

-- name: save_standing
-- Notes which event tells an organisation's standing; a row comes back when it is later than what was known.
INSERT INTO standings (consortium_id, organisation_id, sequence) VALUES ($1, $2, $3)
ON CONFLICT (consortium_id, organisation_id) DO UPDATE SET sequence = excluded.sequence
WHERE standings.sequence < excluded.sequence
RETURNING sequence;

-- name: delete_standing_periods
-- Forgets an organisation's standing.
DELETE FROM standing_periods WHERE consortium_id = $1 AND organisation_id = $2;

-- name: save_standing_periods
-- Keeps an organisation's standing, ground by ground.
INSERT INTO standing_periods (consortium_id, organisation_id, position, ground, from_day, until_day, suffices, through_id)
SELECT $1, $2, position, ground, from_day, until_day, suffices, through_id
FROM unnest($3::text[], $4::date[], $5::date[], $6::boolean[], $7::uuid[])
     WITH ORDINALITY AS period (ground, from_day, until_day, suffices, through_id, position);

-- name: standing_periods
-- When and why the organisations of a region count as partners.
SELECT organisation_id, ground, from_day, until_day, suffices, through_id
FROM standing_periods
WHERE consortium_id = $1
ORDER BY organisation_id, position;

-- name: consortium_codes
-- The codes of all regions of this installation.
SELECT code FROM consortia ORDER BY code;

-- name: consortium_ids
-- All regions of this installation.
SELECT consortium_id FROM consortia ORDER BY consortium_id;

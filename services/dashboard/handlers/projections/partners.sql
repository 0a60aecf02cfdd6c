-- name: consortium_founded
-- A region, as it was last described.
INSERT INTO regions (consortium_id, code, name, zone, currency, language, seq)
SELECT DISTINCT ON (consortium_id) consortium_id, code, name, zone, currency, language, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, code text, name text, zone text, currency text,
    language text)
ORDER BY consortium_id, seq DESC
ON CONFLICT (consortium_id) DO UPDATE SET code = excluded.code, name = excluded.name, zone = excluded.zone,
    currency = excluded.currency, language = excluded.language, seq = excluded.seq
WHERE regions.seq < excluded.seq;

-- name: consortium_closed
-- Whether a region is closed, as was told last.
INSERT INTO region_closures (consortium_id, closed, reason, since, seq)
SELECT DISTINCT ON (consortium_id) consortium_id, type = 'consortium-closed', reason, since, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, type text, reason text, since timestamptz)
ORDER BY consortium_id, seq DESC
ON CONFLICT (consortium_id) DO UPDATE SET closed = excluded.closed, reason = excluded.reason, since = excluded.since,
    seq = excluded.seq
WHERE region_closures.seq < excluded.seq;

-- name: programme_planned
-- A programme and its lines, as they were last planned. A line that is not in the plan any more keeps its title.
WITH told AS (
    SELECT DISTINCT ON (consortium_id, programme_id) *
    FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, programme_id uuid, code text, title text,
        from_ date, until date, spearheads jsonb, locations jsonb)
    ORDER BY consortium_id, programme_id, seq DESC
), kept AS (
    INSERT INTO programmes (consortium_id, programme_id, code, title, first_day, last_day, seq)
    SELECT consortium_id, programme_id, code, title, from_, until, seq FROM told
    ON CONFLICT (consortium_id, programme_id) DO UPDATE SET code = excluded.code, title = excluded.title,
        first_day = excluded.first_day, last_day = excluded.last_day, seq = excluded.seq
    WHERE programmes.seq < excluded.seq
)
INSERT INTO lines (consortium_id, code, title, kind, place, seq)
SELECT DISTINCT ON (consortium_id, line.code) consortium_id, line.code, line.title, line.kind, line.place, seq
FROM told, LATERAL (
    SELECT each ->> 'code' AS code, each ->> 'title' AS title, 'spearhead' AS kind, place::int
    FROM jsonb_array_elements(spearheads) WITH ORDINALITY AS s(each, place)
    UNION ALL
    SELECT each ->> 'code', each ->> 'title', 'location', 1000 + place::int
    FROM jsonb_array_elements(locations) WITH ORDINALITY AS l(each, place)
) AS line
ORDER BY consortium_id, line.code, seq DESC
ON CONFLICT (consortium_id, code) DO UPDATE SET title = excluded.title, kind = excluded.kind, place = excluded.place,
    seq = excluded.seq
WHERE lines.seq < excluded.seq;

-- name: organisation_registered
-- An organisation, as it was last described.
INSERT INTO organisations (consortium_id, organisation_id, code, name, kind, seq)
SELECT DISTINCT ON (consortium_id, organisation_id) consortium_id, organisation_id, code, name, kind, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, organisation_id uuid, code text, name text,
    kind text)
ORDER BY consortium_id, organisation_id, seq DESC
ON CONFLICT (consortium_id, organisation_id) DO UPDATE SET code = excluded.code, name = excluded.name,
    kind = excluded.kind, seq = excluded.seq
WHERE organisations.seq < excluded.seq;

-- name: agreement_circulated
-- An agreement that went round, and who is to sign it. Who signed already stays.
WITH told AS (
    SELECT DISTINCT ON (consortium_id, agreement_id) *
    FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, agreement_id uuid, code text, title text,
        sign_until date, parties uuid[])
    ORDER BY consortium_id, agreement_id, seq DESC
), kept AS (
    INSERT INTO agreements (consortium_id, agreement_id, code, title, sign_until, seq)
    SELECT consortium_id, agreement_id, code, title, sign_until, seq FROM told
    ON CONFLICT (consortium_id, agreement_id) DO UPDATE SET code = excluded.code, title = excluded.title,
        sign_until = excluded.sign_until, seq = excluded.seq
    WHERE agreements.seq < excluded.seq
)
INSERT INTO parties (consortium_id, agreement_id, organisation_id)
SELECT DISTINCT consortium_id, agreement_id, unnest(parties) FROM told
ON CONFLICT DO NOTHING;

-- name: agreement_signed
-- Who signed, and on which day.
INSERT INTO parties (consortium_id, agreement_id, organisation_id, signed_on)
SELECT DISTINCT ON (consortium_id, agreement_id, organisation_id) consortium_id, agreement_id, organisation_id, signed_on
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, agreement_id uuid, organisation_id uuid,
    signed_on date)
ORDER BY consortium_id, agreement_id, organisation_id, seq DESC
ON CONFLICT (consortium_id, agreement_id, organisation_id) DO UPDATE SET signed_on = excluded.signed_on;

-- name: agreement_entered_into_force
-- Since when an agreement is in force.
UPDATE agreements SET since = e.since, first_day = e.from_, last_day = e.until, seq = greatest(agreements.seq, e.seq)
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, agreement_id uuid, since date, from_ date,
    until date)
WHERE agreements.consortium_id = e.consortium_id AND agreements.agreement_id = e.agreement_id;

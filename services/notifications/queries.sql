-- name: save_consortium
-- Keeps a region, unless a later event was here first.
INSERT INTO consortia (consortium_id, code, name, zone, language, sequence) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id) DO UPDATE
SET code = excluded.code, name = excluded.name, zone = excluded.zone, language = excluded.language,
    sequence = excluded.sequence
WHERE consortia.sequence < excluded.sequence;

-- name: consortium
-- One region.
SELECT consortium_id, code, name, zone, language FROM consortia WHERE consortium_id = $1;

-- name: save_organisation
-- Keeps what an organisation is called, unless a later event was here first.
INSERT INTO organisations (consortium_id, organisation_id, name, sequence) VALUES ($1, $2, $3, $4)
ON CONFLICT (consortium_id, organisation_id) DO UPDATE SET name = excluded.name, sequence = excluded.sequence
WHERE organisations.sequence < excluded.sequence;

-- name: milestone_by_code
-- One milestone of the planning.
SELECT * FROM milestones WHERE consortium_id = $1 AND code = $2;

-- name: lock_milestone
-- One milestone, held until the transaction ends; a new one with this code waits for it too.
SELECT * FROM milestones WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: milestone_by_id
-- One milestone of the planning.
SELECT * FROM milestones WHERE consortium_id = $1 AND milestone_id = $2;

-- name: list_milestones
-- A page of the planning, by day and code.
SELECT * FROM milestones
WHERE consortium_id = $1 AND (day, code) > ($2, $3)
ORDER BY day, code LIMIT $4;

-- name: add_milestone
-- A new milestone; nothing when somebody added one with this code just now.
INSERT INTO milestones (consortium_id, milestone_id, code, title, kind, day, starts_at, ends_at, place, audience, text,
                        remind_days_before, cancelled, reason, from_day, said, said_version, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, 1)
ON CONFLICT (consortium_id, milestone_id) DO NOTHING
RETURNING version;

-- name: change_milestone
-- A milestone as it is from now on, with its next version.
UPDATE milestones
SET title = $3, kind = $4, day = $5, starts_at = $6, ends_at = $7, place = $8, audience = $9, text = $10,
    remind_days_before = $11, cancelled = $12, reason = $13, from_day = $14, said = $15, said_version = $16,
    version = version + 1
WHERE consortium_id = $1 AND milestone_id = $2
RETURNING version;

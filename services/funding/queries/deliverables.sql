-- name: deliverables
-- The region's deliverables by line and due day: all, those of a line, or the one with this code.
SELECT * FROM deliverables
WHERE consortium_id = $1 AND ($2::text IS NULL OR line = $2) AND ($3::text IS NULL OR code = $3)
ORDER BY line, due, code;

-- name: lock_deliverable
-- A deliverable, locked for whoever changes it.
SELECT * FROM deliverables WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: claim_deliverable
-- Adds a deliverable; nothing happens when its code is on record.
INSERT INTO deliverables (consortium_id, deliverable_id, code, line, title, unit, planned, due, grant_code, done, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING;

-- name: update_deliverable
-- Gives a deliverable its plan and what is done.
UPDATE deliverables
SET line = $3, title = $4, unit = $5, planned = $6, due = $7, grant_code = $8, done = $9, version = $10
WHERE consortium_id = $1 AND deliverable_id = $2;

-- name: insert_deliverable_change
-- Notes a deliverable as it is after a change.
INSERT INTO deliverable_changes (consortium_id, deliverable_id, version, line, title, unit, planned, due, grant_code, done,
                                 number, on_day, evidence, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: deliverable_changes
-- What was achieved of a deliverable, oldest first.
SELECT version, number, done, on_day, evidence, changed_by, changed_at
FROM deliverable_changes
WHERE consortium_id = $1 AND deliverable_id = $2 AND number <> 0
ORDER BY version;

-- name: deliverables_as_known
-- The deliverables of a grant (or of none) as they were before a moment, by line, due day and code.
SELECT DISTINCT ON (deliverable_id) deliverable_id, deliverables.code, changes.line, changes.title, changes.unit,
       changes.planned, changes.due, changes.grant_code, changes.done, changes.version
FROM deliverable_changes AS changes
JOIN deliverables USING (consortium_id, deliverable_id)
WHERE consortium_id = $1 AND changed_at < $2
ORDER BY deliverable_id, changes.version DESC;

-- name: add_contribution
-- Adds a verified contribution of an activity; touches no row when that activity has one already.
INSERT INTO contributions (consortium_id, contribution_id, organisation_id, line, day, kind, minutes, value_cents, rule,
                           origin, activity_id, activity_ref, state, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'lesson', $10, $11, 'verified', 2)
ON CONFLICT DO NOTHING;

-- name: accept_contributions
-- Accepts what was verified up to and including a day; the accepted ones, locked in the order of their ids.
WITH due AS (
    SELECT contribution_id FROM contributions
     WHERE consortium_id = $1 AND state = 'verified' AND day <= $2
     ORDER BY contribution_id
       FOR UPDATE
)
UPDATE contributions SET state = 'accepted', accepted_by = $3, version = version + 1
  FROM due
 WHERE contributions.consortium_id = $1 AND contributions.contribution_id = due.contribution_id
RETURNING contributions.*;

-- name: contributions_after
-- A page of the region's contributions by id.
SELECT * FROM contributions
 WHERE consortium_id = $1 AND contribution_id > $2
 ORDER BY contribution_id
 LIMIT $3;

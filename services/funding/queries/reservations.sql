-- name: insert_reservation
-- Sets money aside under the caller's id; nothing happens when the id is on record.
INSERT INTO reservations (consortium_id, reservation_id, line, cents, purpose, state, available_cents, reserved_by,
                          reserved_at, released_at, version)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, 1)
ON CONFLICT (consortium_id, reservation_id) DO NOTHING;

-- name: lock_reservation
-- A reservation, locked for whoever changes it.
SELECT reservation_id, line, cents, purpose, state, available_cents, reserved_by, reserved_at, confirmed_at,
       released_at, version, code, organisation_id, expires_on, expired_at, claimed_cents, decommitted_cents
FROM reservations
WHERE consortium_id = $1 AND reservation_id = $2
FOR UPDATE;

-- name: set_aside
-- Sets cents of a line aside when it has them; the line's row is the one gate that all who spend pass.
UPDATE budget_lines SET reserved_cents = reserved_cents + $3
WHERE consortium_id = $1 AND line = $2 AND allocated_cents - reserved_cents - committed_cents - claimed_cents >= $3
RETURNING allocated_cents - reserved_cents - committed_cents - claimed_cents;

-- name: note_available
-- Keeps what the line had left after a reservation, so that a repeated call is told the same.
UPDATE reservations SET available_cents = $3 WHERE consortium_id = $1 AND reservation_id = $2;

-- name: move_budget
-- Moves what is reserved, committed and claimed of a line.
UPDATE budget_lines
SET reserved_cents = reserved_cents + $3, committed_cents = committed_cents + $4, claimed_cents = claimed_cents + $5
WHERE consortium_id = $1 AND line = $2;

-- name: update_reservation
-- Gives a reservation its new state, and when it came to be.
UPDATE reservations
SET state = $3, version = $4,
    confirmed_at = CASE WHEN $3 = 'confirmed' THEN $5 ELSE confirmed_at END,
    released_at = CASE WHEN $3 = 'released' THEN $5 ELSE released_at END
WHERE consortium_id = $1 AND reservation_id = $2;

-- name: reservations
-- A page of reservations in order of id, of one line, one state or some organisations when given, or the one with an id.
SELECT reservation_id, line, cents, purpose, state, available_cents, reserved_by, reserved_at, confirmed_at,
       released_at, version, code, organisation_id, expires_on, expired_at, claimed_cents, decommitted_cents
FROM reservations
WHERE consortium_id = $1 AND line IS NOT NULL
  AND ($2::text IS NULL OR line = $2) AND ($3::text IS NULL OR state = $3)
  AND ($4::uuid IS NULL OR reservation_id > $4)
  AND ($6::uuid[] IS NULL OR organisation_id = ANY($6)) AND ($7::uuid IS NULL OR reservation_id = $7)
ORDER BY reservation_id
LIMIT $5;

-- name: commit_to
-- Notes to whom a reservation is committed, under which code, and until when.
UPDATE reservations SET code = $3, organisation_id = $4, expires_on = $5
WHERE consortium_id = $1 AND reservation_id = $2;

-- name: update_claimed
-- Keeps what of a commitment is claimed and given back, and whether it expired.
UPDATE reservations
SET claimed_cents = $3, decommitted_cents = $4, version = $5,
    expired_at = CASE WHEN $6 THEN coalesce(expired_at, $7) ELSE expired_at END
WHERE consortium_id = $1 AND reservation_id = $2;

-- name: await_expiry
-- A commitment ends on a day.
INSERT INTO commitments_to_expire (consortium_id, reservation_id, expires_on) VALUES ($1, $2, $3);

-- name: forget_expiry
-- A commitment has ended.
DELETE FROM commitments_to_expire WHERE consortium_id = $1 AND reservation_id = $2;

-- name: commitments_due
-- Commitments whose last day is over, or may be in some zone, of all regions.
SELECT consortium_id, reservation_id FROM commitments_to_expire
WHERE expires_on < $1
ORDER BY expires_on, consortium_id, reservation_id;

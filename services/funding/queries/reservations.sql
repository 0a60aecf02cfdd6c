-- name: insert_reservation
-- Sets money aside under the caller's id; nothing happens when the id is on record.
INSERT INTO reservations (consortium_id, reservation_id, line, cents, purpose, state, available_cents, reserved_by,
                          reserved_at, released_at, version)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, 1)
ON CONFLICT (consortium_id, reservation_id) DO NOTHING;

-- name: lock_reservation
-- A reservation, locked for whoever changes it.
SELECT reservation_id, line, cents, purpose, state, available_cents, reserved_by, reserved_at, confirmed_at,
       released_at, version
FROM reservations
WHERE consortium_id = $1 AND reservation_id = $2
FOR UPDATE;

-- name: set_aside
-- Sets cents of a line aside when it has them; the line's row is the one gate that all who spend pass.
UPDATE budget_lines SET reserved_cents = reserved_cents + $3
WHERE consortium_id = $1 AND line = $2 AND allocated_cents - reserved_cents - committed_cents >= $3
RETURNING allocated_cents - reserved_cents - committed_cents;

-- name: note_available
-- Keeps what the line had left after a reservation, so that a repeated call is told the same.
UPDATE reservations SET available_cents = $3 WHERE consortium_id = $1 AND reservation_id = $2;

-- name: move_budget
-- Moves what is reserved and committed of a line.
UPDATE budget_lines SET reserved_cents = reserved_cents + $3, committed_cents = committed_cents + $4
WHERE consortium_id = $1 AND line = $2;

-- name: update_reservation
-- Gives a reservation its new state, and when it came to be.
UPDATE reservations
SET state = $3, version = $4,
    confirmed_at = CASE WHEN $3 = 'confirmed' THEN $5 ELSE confirmed_at END,
    released_at = CASE WHEN $3 = 'released' THEN $5 ELSE released_at END
WHERE consortium_id = $1 AND reservation_id = $2;

-- name: reservations
-- A page of reservations in order of id, of one line or one state when given.
SELECT reservation_id, line, cents, purpose, state, available_cents, reserved_by, reserved_at, confirmed_at,
       released_at, version
FROM reservations
WHERE consortium_id = $1 AND line IS NOT NULL
  AND ($2::text IS NULL OR line = $2) AND ($3::text IS NULL OR state = $3)
  AND ($4::uuid IS NULL OR reservation_id > $4)
ORDER BY reservation_id
LIMIT $5;

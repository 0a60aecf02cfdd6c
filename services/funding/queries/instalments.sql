-- name: instalments
-- What was paid on a grant, in order of day and code, with who took it back.
SELECT instalment_id, code, cents, received_on, reference, recorded_by, reversed_by, reason
FROM grant_instalments
LEFT JOIN instalment_reversals USING (consortium_id, grant_id, instalment_id)
WHERE consortium_id = $1 AND grant_id = $2
ORDER BY received_on, code;

-- name: insert_instalment
-- Adds an instalment to a grant that the caller holds.
INSERT INTO grant_instalments (consortium_id, grant_id, instalment_id, code, cents, received_on, reference, recorded_by,
                               recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: reverse_instalment
-- Takes an instalment back.
INSERT INTO instalment_reversals (consortium_id, grant_id, instalment_id, reversed_by, reversed_at, reason)
VALUES ($1, $2, $3, $4, $5, $6);

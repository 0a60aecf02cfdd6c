-- name: determinations
-- The determinations of a grant or the one with this id, in order of number.
SELECT determinations.*, grants.code AS grant_code
FROM determinations
JOIN grants USING (consortium_id, grant_id)
WHERE consortium_id = $1 AND ($2::uuid IS NULL OR grant_id = $2) AND ($3::uuid IS NULL OR determination_id = $3)
ORDER BY grants.code, number;

-- name: insert_determination
-- Adds a proposed determination of a grant that the caller holds.
INSERT INTO determinations (consortium_id, determination_id, grant_id, number, grant_cents, received_cents, proved_cents,
                            counted_cents, costs_cents, base, required_cents, shortfall_cents, unproved_cents,
                            reduction_cents, determined_cents, reclaimed_cents, payable_cents, rules, reason, evidence,
                            state, proposed_by, proposed_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, 'proposed', $21, $22,
        $23);

-- name: approve_determination
-- Notes who approved a determination, and when.
UPDATE determinations SET state = 'determined', approved_by = $3, approved_at = $4, determined_on = $5, version = $6
WHERE consortium_id = $1 AND determination_id = $2;

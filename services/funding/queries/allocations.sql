-- name: next_allocation_number
-- The number of the grant's next version; the caller holds the grant.
SELECT coalesce(max(number), 0) + 1 FROM allocations WHERE consortium_id = $1 AND grant_id = $2;

-- name: insert_allocation
-- Adds a proposed version.
INSERT INTO allocations (consortium_id, allocation_id, grant_id, code, number, plan, grant_cents, effective_on, reason,
                         state, proposed_by, proposed_at, version, based_on, moves)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, 'proposed', $10, $11, $12, $13, $14::jsonb);

-- name: insert_allocation_lines
-- Adds what a version gives to each line.
INSERT INTO allocation_lines (consortium_id, allocation_id, position, line, kind, envelope, cents)
SELECT $1, $2, position, line, kind, envelope, cents
FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[])
     WITH ORDINALITY AS given (line, kind, envelope, cents, position);

-- name: allocations
-- Versions, newest first, at most so many: of one id, one code, one state or one grant when given.
SELECT allocation.allocation_id, allocation.grant_id, allocation.code, allocation.number, allocation.plan,
       allocation.grant_cents, allocation.effective_on, allocation.reason, allocation.state, allocation.proposed_by,
       allocation.proposed_at, allocation.approved_by, allocation.approved_at, allocation.supersedes,
       allocation.version, allocation.based_on, allocation.moves,
       array_agg(given.line ORDER BY given.position) AS lines,
       array_agg(given.kind ORDER BY given.position) AS kinds,
       array_agg(given.envelope ORDER BY given.position) AS envelopes,
       array_agg(given.cents ORDER BY given.position) AS cents
FROM allocations AS allocation
JOIN allocation_lines AS given USING (consortium_id, allocation_id)
WHERE allocation.consortium_id = $1
  AND ($2::uuid IS NULL OR allocation.allocation_id = $2)
  AND ($3::text IS NULL OR allocation.code = $3)
  AND ($4::text IS NULL OR allocation.state = $4)
  AND ($5::uuid IS NULL OR allocation.grant_id = $5)
GROUP BY allocation.consortium_id, allocation.allocation_id
ORDER BY allocation.proposed_at DESC, allocation.number DESC, allocation.allocation_id
LIMIT $6;

-- name: allocation_grant
-- The grant that a version divides.
SELECT grant_id FROM allocations WHERE consortium_id = $1 AND allocation_id = $2;

-- name: supersede_allocations
-- Marks every version of a grant before number $3 as superseded, except the one whose budgets count until another's day.
UPDATE allocations SET state = 'superseded'
WHERE consortium_id = $1 AND grant_id = $2 AND number < $3 AND state IN ('proposed', 'approved');

-- name: forget_superseded_to_come
-- What was superseded waits for no day any more.
DELETE FROM allocations_to_come AS coming USING allocations AS version
WHERE coming.consortium_id = $1 AND version.consortium_id = $1 AND version.grant_id = $2
  AND version.allocation_id = coming.allocation_id AND version.state <> 'approved';

-- name: await_allocation
-- An approved version waits for its day.
INSERT INTO allocations_to_come (consortium_id, allocation_id, effective_on) VALUES ($1, $2, $3);

-- name: allocations_due
-- Versions whose day has come, or may have in some zone, of all regions.
SELECT consortium_id, allocation_id FROM allocations_to_come
WHERE effective_on <= $1
ORDER BY effective_on, consortium_id, allocation_id;

-- name: end_effective_allocation
-- The version that the budgets followed until now gives way.
UPDATE allocations SET state = 'superseded' WHERE consortium_id = $1 AND grant_id = $2 AND state = 'effective';

-- name: take_effect
-- From now on the budgets follow this version.
UPDATE allocations SET state = 'effective', version = $3 WHERE consortium_id = $1 AND allocation_id = $2;

-- name: approve_allocation
-- Notes who approved a version, when, and which one it takes the place of.
UPDATE allocations SET state = 'approved', approved_by = $3, approved_at = $4, supersedes = $5, version = $6
WHERE consortium_id = $1 AND allocation_id = $2;

-- name: open_budgets
-- Makes the budgets of lines that are new, empty.
INSERT INTO budget_lines (consortium_id, line, kind, allocated_cents)
SELECT $1, line, kind, 0
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS opened (line, kind, position)
ORDER BY position
ON CONFLICT (consortium_id, line) DO NOTHING;

-- name: lock_budgets
-- The budgets of these lines, locked in the order of their names.
SELECT line, kind, allocated_cents, reserved_cents, committed_cents, claimed_cents FROM budget_lines
WHERE consortium_id = $1 AND line = ANY($2::text[])
ORDER BY line
FOR UPDATE;

-- name: move_budgets
-- Gives to and takes from budgets that the caller holds.
UPDATE budget_lines AS budget SET allocated_cents = budget.allocated_cents + moved.cents
FROM unnest($2::text[], $3::bigint[]) AS moved (line, cents)
WHERE budget.consortium_id = $1 AND budget.line = moved.line;

-- name: budgets
-- Every line's budget, or that of one line.
SELECT line, kind, allocated_cents, reserved_cents, committed_cents, claimed_cents FROM budget_lines
WHERE consortium_id = $1 AND ($2::text IS NULL OR line = $2)
ORDER BY line;

-- name: lock_to_propose
-- What was verified up to and including a day, of one organisation and for one line when those are given, and waits in no
-- open batch: locked in the order of ids, so that no other batch takes it meanwhile.
SELECT contribution_id FROM contributions
WHERE consortium_id = $1 AND state = 'verified' AND day <= $2
  AND ($3::uuid IS NULL OR organisation_id = $3) AND ($4::text IS NULL OR line = $4)
  AND NOT EXISTS (
      SELECT FROM acceptance_items AS item
      WHERE item.consortium_id = $1 AND item.contribution_id = contributions.contribution_id AND item.open
  )
ORDER BY contribution_id
LIMIT $5
FOR UPDATE;

-- name: still_to_propose
-- Of contributions that are locked now, those that no batch took before.
SELECT contribution_id FROM contributions
WHERE consortium_id = $1 AND contribution_id = ANY ($2::uuid[]) AND state = 'verified'
  AND NOT EXISTS (
      SELECT FROM acceptance_items AS item
      WHERE item.consortium_id = $1 AND item.contribution_id = contributions.contribution_id AND item.open
  )
ORDER BY contribution_id;

-- name: add_acceptance_batch
-- Keeps a batch.
INSERT INTO acceptance_batches (consortium_id, batch_id, code, up_to, organisation_id, line, seed, rule,
                                tolerable_basis_points, confidence_basis_points, most_failures, contributions,
                                items_sha256, failures, accepted, state, proposed_by, proposed_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, 0, 'open', $14, $15, 1);

-- name: draw_acceptance_items
-- Puts the contributions of a batch in the order of its seed: by SHA-256 over seed, a slash and the id.
INSERT INTO acceptance_items (consortium_id, batch_id, contribution_id, position, open)
SELECT $1, $2, id, row_number() OVER (ORDER BY sha256(convert_to($3 || '/' || id::text, 'UTF8')), id), true
FROM unnest($4::uuid[]) AS id;

-- name: acceptance_batch
-- One batch by its code.
SELECT * FROM acceptance_batches WHERE consortium_id = $1 AND code = $2;

-- name: lock_acceptance_batch
-- One batch by its code, locked: comes before organisations and contributions.
SELECT * FROM acceptance_batches WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: acceptance_batches_after
-- A page of batches by code: all, or those in a state.
SELECT * FROM acceptance_batches
WHERE consortium_id = $1 AND code > $2 AND ($3::text IS NULL OR state = $3)
ORDER BY code
LIMIT $4;

-- name: lock_batch_codes
-- Whoever proposes a batch of a code waits for whoever does so at this moment.
SELECT pg_advisory_xact_lock(hashtextextended('acceptance/' || $1::text || '/' || $2, 0));

-- name: acceptance_items
-- The contributions of a batch after a place in the order of its seed, with the state that each is in now.
SELECT item.contribution_id, item.position, item.outcome, item.judged_by, contribution.state
FROM acceptance_items AS item
JOIN contributions AS contribution USING (consortium_id, contribution_id)
WHERE item.consortium_id = $1 AND item.batch_id = $2 AND item.position > $3
ORDER BY item.position
LIMIT $4;

-- name: judge_acceptance_item
-- Somebody looked at one of the sample.
UPDATE acceptance_items SET outcome = $4, judged_by = $5
WHERE consortium_id = $1 AND batch_id = $2 AND contribution_id = $3;

-- name: move_acceptance_batch
-- A batch, locked by the caller, as it is now.
UPDATE acceptance_batches SET failures = $3, accepted = $4, state = $5, version = $6
WHERE consortium_id = $1 AND batch_id = $2;

-- name: close_acceptance_items
-- The contributions of a batch that is stopped or accepted wait in it no more.
UPDATE acceptance_items SET open = false WHERE consortium_id = $1 AND batch_id = $2 AND open;

-- name: lock_due_of_batch
-- What of a batch is verified, and in which this person, or the system of this account, had no hand: locked in the order
-- of ids.
SELECT contribution.* FROM contributions AS contribution
JOIN acceptance_items AS item USING (consortium_id, contribution_id)
WHERE item.consortium_id = $1 AND item.batch_id = $2 AND contribution.state = 'verified'
  AND contribution.declared_by IS DISTINCT FROM $3 AND contribution.verified_by IS DISTINCT FROM $3
  AND contribution.approved_by IS DISTINCT FROM $3 AND contribution.school_by IS DISTINCT FROM $3
  AND ($4::text IS NULL OR contribution.sender IS DISTINCT FROM $4)
ORDER BY contribution.contribution_id
FOR UPDATE OF contribution;

-- name: verified_of_batch
-- How many of a batch are verified, and so wait to be accepted.
SELECT count(*) FROM acceptance_items AS item
JOIN contributions AS contribution USING (consortium_id, contribution_id)
WHERE item.consortium_id = $1 AND item.batch_id = $2 AND contribution.state = 'verified';

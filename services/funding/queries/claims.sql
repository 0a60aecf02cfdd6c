-- name: insert_claim
-- Adds a submitted claim.
INSERT INTO claims (consortium_id, claim_id, reservation_id, line, organisation_id, cents, about, state, submitted_by,
                    submitted_at, reason_code, reason, paid_reference, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'submitted', $8, $9, '', '', '', $10);

-- name: insert_claim_evidence
-- Adds what proves a claim, in the order given.
INSERT INTO claim_evidence (consortium_id, claim_id, position, sha256, media_type, kept_at, stored_sha256)
SELECT $1, $2, position, sha256, media_type, kept_at, stored_sha256
FROM unnest($3::text[], $4::text[], $5::text[], $6::text[])
     WITH ORDINALITY AS proof (sha256, media_type, kept_at, stored_sha256, position);

-- name: claim_commitment
-- The commitment of a claim, which is locked before the claim.
SELECT reservation_id FROM claims WHERE consortium_id = $1 AND claim_id = $2;

-- name: lock_claim
-- A claim, locked for whoever decides on it.
SELECT claim_id FROM claims WHERE consortium_id = $1 AND claim_id = $2 FOR UPDATE;

-- name: update_claim
-- What became of a claim.
UPDATE claims
SET state = $3, decided_by = $4, decided_at = $5, reason_code = $6, reason = $7, paid_on = $8, paid_reference = $9,
    reversed_by = $10, version = $11
WHERE consortium_id = $1 AND claim_id = $2;

-- name: claims
-- A page of claims in order of id with their evidence: the one with an id, or those of a commitment, of some organisations,
-- or in a state.
SELECT claim.claim_id, claim.reservation_id, claim.line, claim.organisation_id, claim.cents, claim.about, claim.state,
       claim.submitted_by, claim.submitted_at, claim.decided_by, claim.decided_at, claim.reason_code, claim.reason,
       claim.paid_on, claim.paid_reference, claim.reversed_by, claim.version,
       array_agg(proof.sha256 ORDER BY proof.position) AS hashes,
       array_agg(proof.media_type ORDER BY proof.position) AS media_types,
       array_agg(proof.kept_at ORDER BY proof.position) AS places,
       array_agg(proof.stored_sha256 IS NOT NULL ORDER BY proof.position) AS stored
FROM (
    SELECT * FROM claims AS candidate
    WHERE candidate.consortium_id = $1
      AND ($2::uuid IS NULL OR candidate.claim_id = $2)
      AND ($3::uuid IS NULL OR candidate.reservation_id = $3)
      AND ($4::uuid[] IS NULL OR candidate.organisation_id = ANY($4))
      AND ($5::text IS NULL OR candidate.state = $5)
      AND ($6::uuid IS NULL OR candidate.claim_id > $6)
    ORDER BY candidate.claim_id
    LIMIT $7
) AS claim
JOIN claim_evidence AS proof USING (consortium_id, claim_id)
GROUP BY claim.consortium_id, claim.claim_id, claim.reservation_id, claim.line, claim.organisation_id, claim.cents,
         claim.about, claim.state, claim.submitted_by, claim.submitted_at, claim.decided_by, claim.decided_at,
         claim.reason_code, claim.reason, claim.paid_on, claim.paid_reference, claim.reversed_by, claim.version
ORDER BY claim.claim_id;

-- name: drafts
-- A page of the drafts of these organisations by id, or the one with this id; with what became of those that were declared.
-- One is withdrawn when its last record was taken back, or when that was refused and the one before it was taken back.
SELECT draft.*, CASE back.state WHEN 'booked' THEN 'withdrawn' ELSE record.state END AS record_state, record.reasons, record.contribution_id, contribution.state AS stands,
       contribution.minutes, contribution.value_cents, contribution.rule
FROM contribution_drafts AS draft
LEFT JOIN intake_records AS record USING (consortium_id, intake_id)
LEFT JOIN contributions AS contribution
       ON contribution.consortium_id = draft.consortium_id AND contribution.contribution_id = record.contribution_id
LEFT JOIN intake_records AS back
       ON back.consortium_id = draft.consortium_id AND back.sender = 'by_hand'
      AND back.record_id = draft.record_id || '-back'
WHERE draft.consortium_id = $1 AND draft.organisation_id = ANY ($2::uuid[])
  AND ($3::uuid IS NULL OR draft.draft_id = $3) AND draft.draft_id > $4
ORDER BY draft.draft_id
LIMIT $5;

-- name: lock_draft
-- Lets nobody else change or declare a draft until this transaction ends; nothing when it is of another organisation.
SELECT draft_id FROM contribution_drafts
WHERE consortium_id = $1 AND draft_id = $2 AND organisation_id = ANY ($3::uuid[])
FOR UPDATE;

-- name: claim_draft
-- Adds a draft; nothing happens when its id is on record.
INSERT INTO contribution_drafts (consortium_id, draft_id, organisation_id, content, saved_by, saved_at, kept, version)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, false, $7)
ON CONFLICT DO NOTHING;

-- name: save_draft
-- Gives a draft what it says now.
UPDATE contribution_drafts SET content = $3::jsonb, saved_by = $4, saved_at = $5, version = $6
WHERE consortium_id = $1 AND draft_id = $2;

-- name: delete_draft
-- Takes a draft away.
DELETE FROM contribution_drafts WHERE consortium_id = $1 AND draft_id = $2;

-- name: declare_draft
-- Keeps what became of a draft.
UPDATE contribution_drafts
SET declared_version = $3, intake_id = $4, record_id = $5, outcome = $6, declared_by = $7, declared_at = $8, kept = $9
WHERE consortium_id = $1 AND draft_id = $2;

-- name: content_of_record
-- What a record said.
SELECT content FROM intake_records WHERE consortium_id = $1 AND intake_id = $2;

-- name: declarer_of_record
-- Who declared the draft that this record is or takes back; nobody when a company's system sent it.
SELECT draft.declared_by
FROM intake_records AS record
LEFT JOIN intake_records AS back
       ON back.consortium_id = record.consortium_id AND back.sender = record.sender
      AND back.record_id = record.content ->> 'withdraws'
JOIN contribution_drafts AS draft
  ON draft.consortium_id = record.consortium_id AND draft.intake_id = coalesce(back.intake_id, record.intake_id)
WHERE record.consortium_id = $1 AND record.intake_id = $2 AND record.sender = 'by_hand';

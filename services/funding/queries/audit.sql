-- name: lock_sign_offs
-- Lets one person at a time sign a report off.
SELECT pg_advisory_xact_lock(hashtextextended('funding.sign-off/' || $1::uuid::text, 0));

-- name: sign_offs
-- Who signed a report off, in order.
SELECT report_id, position, role, signed_by, signed_at, sha256, note
FROM progress_report_sign_offs
WHERE consortium_id = $1 AND report_id = $2
ORDER BY position;

-- name: insert_sign_off
-- Adds a sign-off.
INSERT INTO progress_report_sign_offs (consortium_id, report_id, position, role, signed_by, signed_at, sha256, note)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: audit_accounts
-- The accounts of a grant and of contributions that the first $2 batches posted on, with the number of postings.
SELECT posting.account, count(*) AS postings
FROM postings AS posting
JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
WHERE consortium_id = $1 AND sealed.batch <= $2
  AND (starts_with(posting.account, 'grant/') OR posting.account ~ '^memo/(declared|verified|accepted)/')
GROUP BY posting.account
ORDER BY posting.account COLLATE "C";

-- name: audit_postings
-- A page of what the first $2 batches posted on an account, in order of the entries' ids.
SELECT posting.entry_id, entry.day, entry.kind, entry.reason, posting.cents, posting.minutes, entry.subject_kind,
       entry.subject_id, entry.reverses, sealed.batch
FROM postings AS posting
JOIN journal_entries AS entry USING (consortium_id, entry_id)
JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
WHERE posting.consortium_id = $1 AND sealed.batch <= $2 AND posting.account = $3 AND posting.entry_id > $4
ORDER BY posting.entry_id
LIMIT $5;

-- name: audit_page_starts
-- The first id of every page of $2 contributions: what a page holds is known before it is read.
SELECT contribution_id
FROM (SELECT contribution_id, row_number() OVER (ORDER BY contribution_id) AS number
      FROM contributions WHERE consortium_id = $1) AS numbered
WHERE number % $2 = 1 OR $2 = 1
ORDER BY contribution_id;

-- name: audit_contributions
-- The contributions from one id up to another (or the end) that the first $2 batches booked something for, with the
-- record they came in as, which names the evidence by hash.
SELECT contribution.contribution_id, organisation.code AS organisation, contribution.organisation_id, contribution.line,
       contribution.day, contribution.kind, contribution.minutes, contribution.value_cents, contribution.rule,
       contribution.origin, contribution.activity_id, contribution.activity_ref, contribution.sender,
       contribution.record_id, contribution.state, contribution.declared_by, contribution.school_word,
       contribution.school_by, contribution.verified_how, contribution.verified_by, contribution.approved_by,
       contribution.accepted_by, contribution.rejected_code, contribution.rejected_by, record.content -> 'evidence' AS evidence, record.received_at
FROM contributions AS contribution
LEFT JOIN organisations AS organisation USING (consortium_id, organisation_id)
LEFT JOIN intake_records AS record USING (consortium_id, sender, record_id)
WHERE contribution.consortium_id = $1 AND contribution.contribution_id >= $3
  AND ($4::uuid IS NULL OR contribution.contribution_id < $4)
  AND EXISTS (
      SELECT FROM journal_entries AS entry
      JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
      WHERE entry.consortium_id = $1 AND entry.subject_kind = 'contribution'
        AND entry.subject_id = contribution.contribution_id AND sealed.batch <= $2)
ORDER BY contribution.contribution_id;

-- name: audit_claims
-- The claims that the first $2 batches booked something for, one row per document that proves them.
SELECT claim.claim_id, commitment.code AS commitment, claim.line, organisation.code AS organisation, claim.cents,
       claim.about, claim.state, claim.submitted_by, claim.submitted_at, claim.decided_by, claim.decided_at,
       claim.reason_code, claim.reason, claim.paid_on, claim.paid_reference, proof.media_type, proof.sha256,
       proof.kept_at
FROM claims AS claim
JOIN claim_evidence AS proof USING (consortium_id, claim_id)
JOIN reservations AS commitment USING (consortium_id, reservation_id)
LEFT JOIN organisations AS organisation
    ON organisation.consortium_id = claim.consortium_id AND organisation.organisation_id = claim.organisation_id
WHERE claim.consortium_id = $1
  AND EXISTS (
      SELECT FROM journal_entries AS entry
      JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
      WHERE entry.consortium_id = $1 AND entry.subject_kind = 'claim' AND entry.subject_id = claim.claim_id
        AND sealed.batch <= $2)
ORDER BY claim.claim_id, proof.position;

-- name: audit_deliverables
-- Every change of deliverables up to these versions, with what was achieved and its evidence.
SELECT deliverable.code, change.version, change.line, change.title, change.unit, change.planned, change.done,
       change.number, change.on_day, change.evidence, change.changed_by, change.changed_at
FROM unnest($2::text[], $3::bigint[]) AS wanted (code, version)
JOIN deliverables AS deliverable ON deliverable.consortium_id = $1 AND deliverable.code = wanted.code
JOIN deliverable_changes AS change USING (consortium_id, deliverable_id)
WHERE change.version <= wanted.version
ORDER BY deliverable.code, change.version;

-- name: audit_approvals
-- Every step that one person took and another had to confirm: persons as ids, names are with partners.
SELECT what, code, step, person, at, note FROM (
    SELECT 'allocation' AS what, code || ' #' || number AS code, 'proposed' AS step, proposed_by::text AS person,
           proposed_at AS at, reason AS note FROM allocations WHERE consortium_id = $1 AND grant_id = $2
    UNION ALL
    SELECT 'allocation', code || ' #' || number, 'approved', approved_by::text, approved_at, ''
    FROM allocations WHERE consortium_id = $1 AND grant_id = $2 AND approved_by IS NOT NULL
    UNION ALL
    SELECT 'base', rule, 'proposed', proposed_by::text, proposed_at, reason FROM base_decisions WHERE consortium_id = $1
    UNION ALL
    SELECT 'base', rule, 'decided', decided_by::text, decided_at, source
    FROM base_decisions WHERE consortium_id = $1 AND decided_by IS NOT NULL
    UNION ALL
    SELECT 'instalment', code, 'recorded', recorded_by::text, recorded_at, reference
    FROM grant_instalments WHERE consortium_id = $1 AND grant_id = $2
    UNION ALL
    SELECT 'instalment', instalment.code, 'taken back', reversal.reversed_by::text, reversal.reversed_at, reversal.reason
    FROM instalment_reversals AS reversal
    JOIN grant_instalments AS instalment USING (consortium_id, grant_id, instalment_id)
    WHERE consortium_id = $1 AND grant_id = $2
    UNION ALL
    SELECT 'determination', number::text, 'proposed', proposed_by::text, proposed_at, reason
    FROM determinations WHERE consortium_id = $1 AND grant_id = $2
    UNION ALL
    SELECT 'determination', number::text, 'approved', approved_by::text, approved_at, evidence
    FROM determinations WHERE consortium_id = $1 AND grant_id = $2 AND approved_by IS NOT NULL
    UNION ALL
    SELECT 'period', until_day::text, 'closed', closed_by::text, closed_at, '' FROM period_closings WHERE consortium_id = $1
) AS steps
ORDER BY at, what, code, step;

-- name: start_export
-- Notes that an export began, and the seal that it rests on.
INSERT INTO exports (consortium_id, export_id, kind, subject, rows_total, asked_by, started_at, moved_at, format,
                     checkpoint_count, checkpoint_head)
VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10);

-- name: move_export
-- Notes how far an export is; with its hash it is complete.
UPDATE exports SET rows_done = $3, bytes_sent = $4, sha256 = $5, moved_at = $6 WHERE consortium_id = $1 AND export_id = $2;

-- name: exports
-- The latest exports, or the one with this id, or those of a file with this hash.
SELECT export_id, kind, subject, format, rows_total, rows_done, bytes_sent, sha256, asked_by, started_at, moved_at,
       checkpoint_count, checkpoint_head
FROM exports
WHERE consortium_id = $1 AND ($2::uuid IS NULL OR export_id = $2) AND ($3::text IS NULL OR sha256 = $3)
ORDER BY started_at DESC, export_id
LIMIT 100;

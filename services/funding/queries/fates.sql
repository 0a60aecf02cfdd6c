-- name: fates
-- A page by id of what these organisations sent, declared by hand or had confirmed by a school, the one with this id, or
-- those in a state; with the contribution and the draft of each. What takes another back is in it as long as it did not do so.
WITH own AS (
    SELECT coalesce(record.intake_id, contribution.contribution_id) AS id, contribution.organisation_id,
           contribution.sender, record.record_id, record.intake_id, record.received_at, contribution.line,
           contribution.day::text AS day, contribution.kind, record.outcome, record.state AS recorded,
           coalesce(record.reasons, '[]') AS told, record.settled_by, contribution.contribution_id,
           contribution.state AS stands, NULL AS withdraws, contribution.day AS booked_day, contribution.minutes, contribution.value_cents,
           contribution.rule, contribution.school_word, contribution.rejected_code, contribution.rejected_note
    FROM contributions AS contribution
    LEFT JOIN intake_records AS record
           ON record.consortium_id = contribution.consortium_id AND record.sender = contribution.sender
          AND record.record_id = contribution.record_id
    WHERE contribution.consortium_id = $1 AND contribution.organisation_id = ANY ($2::uuid[])
    UNION ALL
    SELECT record.intake_id, record.organisation_id, record.sender, record.record_id, record.intake_id,
           record.received_at, record.content ->> 'line', record.content ->> 'day', record.content ->> 'kind',
           record.outcome, record.state, record.reasons, record.settled_by, NULL, NULL, record.content ->> 'withdraws', NULL,
           NULL, NULL, NULL, NULL, NULL, NULL
    FROM intake_records AS record
    WHERE record.consortium_id = $1 AND record.organisation_id = ANY ($2::uuid[]) AND record.contribution_id IS NULL
      AND (record.content ->> 'withdraws' IS NULL OR record.state IN ('held', 'refused'))
)
SELECT own.*, draft.draft_id
FROM own
LEFT JOIN contribution_drafts AS draft ON draft.consortium_id = $1 AND draft.intake_id = own.intake_id
WHERE own.id > $4 AND ($3::uuid IS NULL OR own.id = $3)
  AND ($5::text IS NULL OR $5 = CASE
      WHEN own.recorded IN ('refused', 'replaced', 'withdrawn') AND own.stands IS DISTINCT FROM 'rejected'
      THEN own.recorded ELSE coalesce(own.stands, own.recorded) END)
ORDER BY own.id
LIMIT $6;

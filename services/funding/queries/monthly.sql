-- name: monthly_outcomes
-- How many records of each organisation, or of these, came in from one moment until before another: by what came of each
-- at first, what it is now, and the codes of its reasons.
SELECT organisation_id, outcome, state, codes, count(*) AS records
FROM (
    SELECT organisation_id, outcome, state,
           ARRAY(SELECT DISTINCT reason ->> 'code' FROM jsonb_array_elements(reasons) AS reason ORDER BY 1) AS codes
    FROM intake_records
    WHERE consortium_id = $1 AND received_at >= $2 AND received_at < $3 AND organisation_id IS NOT NULL
      AND ($4::uuid[] IS NULL OR organisation_id = ANY ($4))
) AS came
GROUP BY organisation_id, outcome, state, codes
ORDER BY organisation_id, outcome, state, codes;

-- name: monthly_bookings
-- What was recorded for each organisation, or for these, from one moment until before another, as far as the first $5
-- batches hold it: by the month in which it is booked, by line, and what came in apart from what was taken back.
SELECT split_part(posting.account, '/', 3)::uuid AS organisation_id, date_trunc('month', entry.day)::date AS period,
       coalesce(contribution.line, '') AS line, (posting.cents > 0 OR posting.minutes > 0) AS taken_back,
       count(*) AS entries, -sum(posting.minutes)::bigint AS minutes, -sum(posting.cents)::bigint AS cents
FROM journal_entries AS entry
JOIN postings AS posting USING (consortium_id, entry_id)
JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
LEFT JOIN contributions AS contribution
       ON contribution.consortium_id = entry.consortium_id AND entry.subject_kind = 'contribution'
      AND contribution.contribution_id = entry.subject_id
WHERE entry.consortium_id = $1 AND entry.recorded_at >= $2 AND entry.recorded_at < $3 AND sealed.batch <= $5
  AND posting.account LIKE 'memo/contributed/%'
  AND ($4::uuid[] IS NULL OR posting.account IN (SELECT 'memo/contributed/' || each FROM unnest($4) AS each))
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3, 4;

-- name: monthly_records
-- A page of an organisation's records of a month by id, those in a state when given, with the contribution of each and
-- the months in which it is booked.
SELECT record.intake_id, record.sender, record.record_id, record.received_at, record.content ->> 'line' AS line,
       record.content ->> 'day' AS day, record.content ->> 'kind' AS kind, record.outcome, record.state, record.reasons,
       record.settled_by, record.contribution_id, contribution.minutes, contribution.value_cents, contribution.rule,
       contribution.state AS stands,
       ARRAY(
           SELECT DISTINCT to_char(entry.day, 'YYYY-MM') FROM journal_entries AS entry
           WHERE entry.consortium_id = $1 AND entry.subject_kind = 'contribution'
             AND entry.subject_id = record.contribution_id
           ORDER BY 1
       ) AS periods
FROM intake_records AS record
LEFT JOIN contributions AS contribution USING (consortium_id, contribution_id)
WHERE record.consortium_id = $1 AND record.organisation_id = $2 AND record.received_at >= $3
  AND record.received_at < $4 AND record.intake_id > $5 AND ($6::text IS NULL OR record.state = $6)
ORDER BY record.intake_id
LIMIT $7;

-- name: seal_before
-- The last seal of the region before a moment.
SELECT batch, entry_count, previous, head, sealed_at, key_id, signature
FROM ledger_seals
WHERE consortium_id = $1 AND sealed_at < $2
ORDER BY batch DESC
LIMIT 1;

-- name: seal_of_batch
-- The seal of one batch.
SELECT batch, entry_count, previous, head, sealed_at, key_id, signature
FROM ledger_seals
WHERE consortium_id = $1 AND batch = $2;

-- name: sealed_movements
-- What the entries of the first $2 batches, of days up to $5, did to the accounts of a grant and of contributions.
-- Contributions count from the grant's first day $3; in_period tells those from $4; cash is that of the grant $6 only.
SELECT posting.account, extract(year FROM entry.day)::integer AS year, entry.day >= $4 AS in_period,
       sum(posting.cents)::bigint AS cents, sum(posting.minutes)::bigint AS minutes
FROM sealed_entries AS sealed
JOIN journal_entries AS entry USING (consortium_id, entry_id)
JOIN postings AS posting USING (consortium_id, entry_id)
WHERE consortium_id = $1 AND sealed.batch <= $2 AND entry.day <= $5
  AND (starts_with(posting.account, 'grant/')
       OR posting.account ~ '^memo/(declared|verified|accepted)/' AND entry.day >= $3)
  AND (posting.account <> 'grant/cash' OR entry.subject_id = $6)
GROUP BY posting.account, extract(year FROM entry.day), entry.day >= $4
ORDER BY posting.account COLLATE "C", year, in_period;

-- name: deliverables_at
-- Deliverables as they were at these versions, by line, due day and code.
SELECT deliverable_id, deliverables.code, changes.line, changes.title, changes.unit, changes.planned, changes.due,
       changes.grant_code, changes.done, changes.version
FROM unnest($2::text[], $3::bigint[]) AS wanted (code, version)
JOIN deliverables ON deliverables.consortium_id = $1 AND deliverables.code = wanted.code
JOIN deliverable_changes AS changes USING (consortium_id, deliverable_id)
WHERE changes.version = wanted.version
ORDER BY changes.line, changes.due, deliverables.code;

-- name: progress_reports
-- Progress reports in order of their days: all, those of a grant, or the one with this code.
SELECT report_id, reports.code, grant_id, grants.code AS grant_code, reports.from_day, reports.until_day, known_on,
       seal_batch, scheme_version, content, sha256, made_by, made_at
FROM progress_reports AS reports
JOIN grants USING (consortium_id, grant_id)
WHERE consortium_id = $1 AND ($2::text IS NULL OR grants.code = $2) AND ($3::text IS NULL OR reports.code = $3)
ORDER BY reports.until_day, reports.code;

-- name: insert_progress_report
-- Keeps a report as it was made; nothing happens when its code is on record.
INSERT INTO progress_reports (consortium_id, report_id, code, grant_id, from_day, until_day, known_on, seal_batch,
                              scheme_version, content, sha256, made_by, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
ON CONFLICT DO NOTHING;

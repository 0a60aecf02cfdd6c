-- name: table_contributions
-- A page of contributions by id, of days from $4 to $5, with what the first $3 batches hold for each. Those that they
-- do not know of have known = false, and are there so that the next page goes on from the right id.
WITH page AS (
    SELECT * FROM contributions
    WHERE consortium_id = $1 AND contribution_id > $2 AND day BETWEEN $4 AND $5
    ORDER BY contribution_id
    LIMIT $6
)
SELECT page.contribution_id AS "contributionId",
       coalesce(organisation.code, page.organisation_id::text) AS organisation,
       coalesce(organisation.name, '') AS "organisationName", page.line, page.day,
       extract(year FROM page.day)::integer AS year, page.kind, page.minutes, page.value_cents AS "valueCents", page.rule,
       page.origin, page.sender, page.record_id AS "recordId", page.activity_ref AS "activityRef",
       CASE WHEN books.accepted THEN 'accepted' WHEN books.verified THEN 'verified'
            WHEN books.declared THEN 'declared' ELSE 'none' END AS "bookedAs",
       books.cents AS "bookedCents", books.minutes AS "bookedMinutes", page.state, books.known
FROM page
LEFT JOIN organisations AS organisation USING (consortium_id, organisation_id)
CROSS JOIN LATERAL (
    SELECT bool_or(part = 'accepted' AND (cents <> 0 OR minutes <> 0)) AS accepted,
           bool_or(part = 'verified' AND (cents <> 0 OR minutes <> 0)) AS verified,
           bool_or(part = 'declared' AND (cents <> 0 OR minutes <> 0)) AS declared,
           coalesce(sum(cents), 0)::bigint AS cents, coalesce(sum(minutes), 0)::bigint AS minutes,
           count(*) > 0 AS known
    FROM (
        SELECT split_part(posting.account, '/', 2) AS part, sum(posting.cents) AS cents, sum(posting.minutes) AS minutes
        FROM (
            SELECT entry_id FROM journal_entries
            WHERE consortium_id = $1 AND subject_kind = 'contribution' AND subject_id = page.contribution_id OFFSET 0
        ) AS entry
        CROSS JOIN LATERAL (
            SELECT batch FROM sealed_entries WHERE consortium_id = $1 AND entry_id = entry.entry_id OFFSET 0
        ) AS sealed
        CROSS JOIN LATERAL (
            SELECT account, cents, minutes FROM postings WHERE consortium_id = $1 AND entry_id = entry.entry_id OFFSET 0
        ) AS posting
        WHERE sealed.batch <= $3 AND posting.account ~ '^memo/(declared|verified|accepted)/'
        GROUP BY 1
    ) AS parts
) AS books
ORDER BY page.contribution_id;

-- name: table_contributions_total
-- How many contributions there are of days from $2 to $3.
SELECT count(*) FROM contributions WHERE consortium_id = $1 AND day BETWEEN $2 AND $3;

-- name: table_journal
-- The postings of a page of sealed entries, after a place in the chain and up to batch $4, in the order of the chain.
WITH page AS (
    SELECT batch, position, entry_id, entry_hash FROM sealed_entries
    WHERE consortium_id = $1 AND (batch, position) > ($2, $3) AND batch <= $4
    ORDER BY batch, position
    LIMIT $5
)
SELECT page.batch, page.position, page.entry_id AS "entryId", entry.day, entry.kind, posting.account, posting.cents,
       posting.minutes, entry.reason, entry.subject_kind AS "subjectKind", entry.subject_id AS "subjectId",
       entry.reverses, entry.recorded_at AS "recordedAt", entry.recorded_by AS "recordedBy",
       page.entry_hash AS "entryHash"
FROM page
CROSS JOIN LATERAL (
    SELECT * FROM journal_entries WHERE consortium_id = $1 AND entry_id = page.entry_id OFFSET 0
) AS entry
CROSS JOIN LATERAL (
    SELECT * FROM postings WHERE consortium_id = $1 AND entry_id = page.entry_id OFFSET 0
) AS posting
ORDER BY page.batch, page.position, posting.position;

-- name: table_journal_total
-- How many postings the first $2 batches hold, of days from $3 to $4.
SELECT coalesce(sum(entry.posting_count), 0)::bigint
FROM sealed_entries AS sealed
JOIN journal_entries AS entry USING (consortium_id, entry_id)
WHERE consortium_id = $1 AND sealed.batch <= $2 AND entry.day BETWEEN $3 AND $4;

-- name: unsealed_now
-- How many entries wait for a seal.
SELECT count(*) FROM unsealed_entries WHERE consortium_id = $1;

-- name: insert_entries
-- Adds entries to the journal.
INSERT INTO journal_entries (consortium_id, entry_id, kind, day, reason, subject_kind, subject_id, reverses,
                             posting_count, recorded_at, recorded_by)
SELECT $1, entry_id, kind, day, reason, subject_kind, subject_id, reverses, posting_count, $10, $11
FROM unnest($2::uuid[], $3::text[], $4::date[], $5::text[], $6::text[], $7::uuid[], $8::uuid[], $9::smallint[])
     WITH ORDINALITY AS entry (entry_id, kind, day, reason, subject_kind, subject_id, reverses, posting_count, position)
ORDER BY position;

-- name: insert_postings
-- Adds the postings of entries just added.
INSERT INTO postings (consortium_id, entry_id, position, account, cents, minutes)
SELECT $1, entry_id, position, account, cents, minutes
FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::bigint[], $6::bigint[])
     AS posting (entry_id, position, account, cents, minutes);

-- name: move_balances
-- Moves the balances of accounts, one update each, making those that are new. The caller gives them in order of name.
INSERT INTO accounts (consortium_id, account, cents, minutes, postings)
SELECT $1, account, cents, minutes, postings
FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
     WITH ORDINALITY AS moved (account, cents, minutes, postings, position)
ORDER BY position
ON CONFLICT (consortium_id, account) DO UPDATE
SET cents = accounts.cents + excluded.cents,
    minutes = accounts.minutes + excluded.minutes,
    postings = accounts.postings + excluded.postings;

-- name: accounts
-- The balances now, of all accounts or of those whose name starts with $2.
SELECT account, cents, minutes, postings
FROM accounts
WHERE consortium_id = $1 AND starts_with(account, $2)
ORDER BY account;

-- name: accounts_as_known
-- The balances as far as the seals up to a moment know, of accounts whose name starts with $2.
SELECT account, sum(cents)::bigint AS cents, sum(minutes)::bigint AS minutes, count(*) AS postings
FROM postings
JOIN sealed_entries USING (consortium_id, entry_id)
WHERE consortium_id = $1 AND starts_with(account, $2)
  AND batch <= (SELECT max(batch) FROM ledger_seals WHERE consortium_id = $1 AND sealed_at <= $3)
GROUP BY account
ORDER BY account COLLATE "C";

-- name: entries
-- A page of the journal in order of arrival, with the postings: all of it, of one account, or of one subject.
SELECT entry.entry_id, entry.entry_no, entry.kind, entry.day, entry.reason, entry.subject_kind, entry.subject_id,
       entry.reverses, entry.recorded_at, entry.recorded_by, sealed.batch,
       array_agg(posting.account ORDER BY posting.position) AS accounts,
       array_agg(posting.cents ORDER BY posting.position) AS cents,
       array_agg(posting.minutes ORDER BY posting.position) AS minutes
FROM (
    SELECT * FROM journal_entries AS candidate
    WHERE candidate.consortium_id = $1 AND candidate.entry_no > $2
      AND ($3::text IS NULL OR EXISTS (
          SELECT FROM postings AS posting
          WHERE posting.consortium_id = $1 AND posting.entry_id = candidate.entry_id AND posting.account = $3))
      AND ($4::text IS NULL OR candidate.subject_kind = $4)
      AND ($5::uuid IS NULL OR candidate.subject_id = $5)
    ORDER BY candidate.entry_no
    LIMIT $6
) AS entry
JOIN postings AS posting USING (consortium_id, entry_id)
LEFT JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
GROUP BY entry.entry_id, entry.entry_no, entry.kind, entry.day, entry.reason, entry.subject_kind, entry.subject_id,
         entry.reverses, entry.recorded_at, entry.recorded_by, sealed.batch
ORDER BY entry.entry_no;

-- name: entry
-- One entry with its postings, for whoever reverses it.
SELECT entry.entry_id, entry.kind, entry.day, entry.reason, entry.subject_kind, entry.subject_id, entry.reverses,
       array_agg(posting.account ORDER BY posting.position) AS accounts,
       array_agg(posting.cents ORDER BY posting.position) AS cents,
       array_agg(posting.minutes ORDER BY posting.position) AS minutes
FROM journal_entries AS entry
JOIN postings AS posting USING (consortium_id, entry_id)
WHERE entry.consortium_id = $1 AND entry.entry_id = $2
GROUP BY entry.entry_id, entry.kind, entry.day, entry.reason, entry.subject_kind, entry.subject_id, entry.reverses;

-- name: balance_mismatches
-- Accounts whose kept balance differs from the sum of their postings: none, ever.
SELECT coalesce(kept.account, summed.account) AS account
FROM (SELECT account, cents, minutes, postings FROM accounts WHERE consortium_id = $1) AS kept
FULL JOIN (
    SELECT account, sum(cents) AS cents, sum(minutes) AS minutes, count(*) AS postings
    FROM postings WHERE consortium_id = $1 GROUP BY account
) AS summed ON summed.account = kept.account
WHERE (kept.cents, kept.minutes, kept.postings) IS DISTINCT FROM (summed.cents, summed.minutes, summed.postings)
ORDER BY 1;

-- name: unbalanced_regions
-- The regions of this transaction whose kept balances do not add up to zero: none, ever.
SELECT consortium_id, sum(cents)::bigint AS cents, sum(minutes)::bigint AS minutes
FROM accounts
GROUP BY consortium_id
HAVING sum(cents) <> 0 OR sum(minutes) <> 0
ORDER BY consortium_id;

-- name: imbalance
-- How far the whole journal is from zero, in cents and in minutes, with its number of entries.
SELECT coalesce(sum(cents), 0)::bigint AS cents, coalesce(sum(minutes), 0)::bigint AS minutes,
       count(DISTINCT entry_id) AS entries
FROM postings
WHERE consortium_id = $1;

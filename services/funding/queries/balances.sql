-- name: trial_balance
-- What was debited and credited on every account by entries of days up to $2, as far as the first $3 batches know (all
-- of the journal when null).
SELECT posting.account,
       coalesce(sum(posting.cents) FILTER (WHERE posting.cents > 0), 0)::bigint AS debit_cents,
       coalesce(-sum(posting.cents) FILTER (WHERE posting.cents < 0), 0)::bigint AS credit_cents,
       coalesce(sum(posting.minutes) FILTER (WHERE posting.minutes > 0), 0)::bigint AS debit_minutes,
       coalesce(-sum(posting.minutes) FILTER (WHERE posting.minutes < 0), 0)::bigint AS credit_minutes
FROM postings AS posting
JOIN journal_entries AS entry USING (consortium_id, entry_id)
LEFT JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
WHERE consortium_id = $1 AND entry.day <= $2 AND ($3::bigint IS NULL OR sealed.batch <= $3)
GROUP BY posting.account
ORDER BY posting.account COLLATE "C";

-- name: account_ends
-- The balance of an account before day $3 and up to day $4, as far as the first $5 batches know.
SELECT coalesce(sum(posting.cents) FILTER (WHERE entry.day < $3), 0)::bigint AS opening_cents,
       coalesce(sum(posting.minutes) FILTER (WHERE entry.day < $3), 0)::bigint AS opening_minutes,
       coalesce(sum(posting.cents), 0)::bigint AS closing_cents,
       coalesce(sum(posting.minutes), 0)::bigint AS closing_minutes
FROM postings AS posting
JOIN journal_entries AS entry USING (consortium_id, entry_id)
LEFT JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
WHERE consortium_id = $1 AND posting.account = $2 AND entry.day <= $4 AND ($5::bigint IS NULL OR sealed.batch <= $5);

-- name: account_lines
-- A page of what happened on an account from day $3 to day $4, in order of day and arrival, each with the balance after
-- it, as far as the first $5 batches know.
SELECT entry_id, entry_no, kind, day, reason, recorded_at, reverses, batch, cents, minutes, balance_cents, balance_minutes
FROM (
    SELECT entry.entry_id, entry.entry_no, entry.kind, entry.day, entry.reason, entry.recorded_at, entry.reverses,
           sealed.batch, posting.cents, posting.minutes,
           (sum(posting.cents) OVER so_far)::bigint AS balance_cents,
           (sum(posting.minutes) OVER so_far)::bigint AS balance_minutes
    FROM postings AS posting
    JOIN journal_entries AS entry USING (consortium_id, entry_id)
    LEFT JOIN sealed_entries AS sealed USING (consortium_id, entry_id)
    WHERE consortium_id = $1 AND posting.account = $2 AND entry.day <= $4
      AND ($5::bigint IS NULL OR sealed.batch <= $5)
    WINDOW so_far AS (ORDER BY entry.day, entry.entry_no)
) AS line
WHERE day >= $3 AND (day, entry_no) > ($6::date, $7::bigint)
ORDER BY day, entry_no
LIMIT $8;

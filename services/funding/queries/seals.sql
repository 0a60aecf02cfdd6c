-- name: consortia_to_seal
-- The regions with entries that no seal covers yet.
SELECT DISTINCT consortium_id FROM unsealed_entries ORDER BY consortium_id;

-- name: lead_sealing
-- Whether this transaction may seal for the region: one at a time, others pass by.
SELECT pg_try_advisory_xact_lock(hashtextextended('funding.sealer/' || $1::uuid::text, 0));

-- name: take_unsealed
-- Takes the next entries that no seal covers, with their postings, in the order in which they are hashed. Each is looked
-- up by its key: a planner that takes a journal for empty, for want of statistics, would compare every row with every other.
WITH taken AS (
    DELETE FROM unsealed_entries
    WHERE consortium_id = $1
      AND entry_id IN (SELECT entry_id FROM unsealed_entries WHERE consortium_id = $1 ORDER BY entry_id LIMIT $2)
    RETURNING entry_id
)
SELECT entry.*, posting.*
FROM taken
CROSS JOIN LATERAL (
    SELECT entry_id, kind, day, reason, subject_kind, subject_id, reverses, recorded_at, recorded_by
    FROM journal_entries WHERE consortium_id = $1 AND entry_id = taken.entry_id OFFSET 0
) AS entry
CROSS JOIN LATERAL (
    SELECT array_agg(account ORDER BY position) AS accounts, array_agg(cents ORDER BY position) AS cents,
           array_agg(minutes ORDER BY position) AS minutes
    FROM postings WHERE consortium_id = $1 AND entry_id = taken.entry_id
) AS posting
ORDER BY entry.entry_id;

-- name: latest_seal
-- The head of the region's chain.
SELECT batch, entry_count, previous, head, sealed_at, key_id, signature
FROM ledger_seals
WHERE consortium_id = $1
ORDER BY batch DESC
LIMIT 1;

-- name: seal_containing
-- The seal that covers an entry.
SELECT seal.batch, seal.entry_count, seal.previous, seal.head, seal.sealed_at, seal.key_id, seal.signature
FROM sealed_entries
JOIN ledger_seals AS seal USING (consortium_id, batch)
WHERE consortium_id = $1 AND entry_id = $2;

-- name: insert_seal
-- Adds a batch to the region's chain.
INSERT INTO ledger_seals (consortium_id, batch, entry_count, previous, head, sealed_at, key_id, signature)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: insert_sealed_entries
-- Notes which entries a batch covers, in their order.
INSERT INTO sealed_entries (consortium_id, batch, position, entry_id, entry_hash)
SELECT $1, $2, position, entry_id, entry_hash
FROM unnest($3::uuid[], $4::text[]) WITH ORDINALITY AS entry (entry_id, entry_hash, position);

-- name: insert_seal_key
-- Keeps the public key that seals are signed with.
INSERT INTO seal_keys (key_id, public_key, first_used_at) VALUES ($1, $2, $3) ON CONFLICT (key_id) DO NOTHING;

-- name: seal_keys
-- Every public key that seals were ever signed with.
SELECT key_id, public_key FROM seal_keys ORDER BY key_id;

-- name: seals
-- A page of the region's chain, oldest first.
SELECT batch, entry_count, previous, head, sealed_at, key_id, signature
FROM ledger_seals
WHERE consortium_id = $1 AND batch > $2
ORDER BY batch
LIMIT $3;

-- name: sealed_between
-- The entries of a range of batches, in the order in which they were hashed; an entry that is gone has no kind.
SELECT sealed.batch, sealed.entry_id, sealed.entry_hash, entry.kind, entry.day, entry.reason, entry.subject_kind, entry.subject_id,
       entry.reverses, entry.recorded_at, entry.recorded_by,
       coalesce(array_agg(posting.account ORDER BY posting.position) FILTER (WHERE posting.account IS NOT NULL), '{}')
           AS accounts,
       coalesce(array_agg(posting.cents ORDER BY posting.position) FILTER (WHERE posting.account IS NOT NULL), '{}')
           AS cents,
       coalesce(array_agg(posting.minutes ORDER BY posting.position) FILTER (WHERE posting.account IS NOT NULL), '{}')
           AS minutes
FROM sealed_entries AS sealed
LEFT JOIN journal_entries AS entry USING (consortium_id, entry_id)
LEFT JOIN postings AS posting USING (consortium_id, entry_id)
WHERE sealed.consortium_id = $1 AND sealed.batch > $2 AND sealed.batch <= $3
GROUP BY sealed.batch, sealed.position, sealed.entry_id, sealed.entry_hash, entry.kind, entry.day, entry.reason, entry.subject_kind,
         entry.subject_id, entry.reverses, entry.recorded_at, entry.recorded_by
ORDER BY sealed.batch, sealed.position;

-- name: unsealed_count
-- How many entries of the region no seal covers yet, counted from the journal itself.
SELECT (SELECT count(*) FROM journal_entries WHERE consortium_id = $1)
     - (SELECT count(*) FROM sealed_entries WHERE consortium_id = $1);

-- name: unsealed_ids
-- The ids of the entries that no seal covers yet, in order, as 16 bytes each: an export leaves none of them out.
SELECT coalesce(string_agg(uuid_send(entry_id), ''::bytea ORDER BY entry_id), ''::bytea)
FROM unsealed_entries
WHERE consortium_id = $1;

-- name: entries_of_ids
-- These entries with their postings, in order of their ids.
SELECT entry.*, posting.*
FROM unnest($2::uuid[]) AS wanted (entry_id)
CROSS JOIN LATERAL (
    SELECT entry_id, kind, day, reason, subject_kind, subject_id, reverses, recorded_at, recorded_by
    FROM journal_entries WHERE consortium_id = $1 AND entry_id = wanted.entry_id OFFSET 0
) AS entry
CROSS JOIN LATERAL (
    SELECT array_agg(account ORDER BY position) AS accounts, array_agg(cents ORDER BY position) AS cents,
           array_agg(minutes ORDER BY position) AS minutes
    FROM postings WHERE consortium_id = $1 AND entry_id = wanted.entry_id
) AS posting
ORDER BY entry.entry_id;

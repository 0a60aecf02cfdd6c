-- name: erase_dead_letters
-- Erases dead letters that were settled and came before this instant; one that waits is never erased by a clock.
DELETE FROM dead_letters
WHERE (consortium_id, dead_letter_id) IN (SELECT consortium_id, dead_letter_id FROM dead_letters
                                          WHERE at < $1 AND state <> 'waiting'
                                          ORDER BY consortium_id, dead_letter_id LIMIT $2 FOR UPDATE SKIP LOCKED);

-- name: overdue
-- How many dead letters have waited since before this instant.
SELECT count(*) FROM dead_letters WHERE at < $1 AND state = 'waiting';

-- name: consortia_with_answers
-- Whose answers to an Idempotency-Key are kept.
SELECT consortium_id FROM idempotency_consortia ORDER BY consortium_id;

-- name: erase_answers
-- Erases answers that were kept before this instant. What a request is replacing right now is left to it.
DELETE FROM idempotency
WHERE (consortium_id, actor, key) IN (SELECT consortium_id, actor, key FROM idempotency
                                      WHERE created_at < $1
                                      ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED);

-- name: erase_published
-- Forgets, of the oldest that were published, those from before this instant.
DELETE FROM published
WHERE published_at < $1
  AND seq IN (SELECT seq FROM published ORDER BY seq LIMIT $2 FOR UPDATE SKIP LOCKED);

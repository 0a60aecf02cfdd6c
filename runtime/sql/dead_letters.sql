-- name: lock_blocked
-- Which of these keys have a dead letter in front, locked so that nobody releases them meanwhile.
SELECT topic, key FROM blocked_keys
WHERE consumer = $1 AND (topic, key) IN (SELECT * FROM unnest($2::text[], $3::bytea[]))
ORDER BY topic, key
FOR UPDATE;

-- name: buried
-- Which of these deliveries are dead letters themselves.
SELECT record FROM dead_letters WHERE consumer = $1 AND record = ANY($2::text[]) ORDER BY record;

-- name: park
-- Parks a message behind its dead letter.
INSERT INTO parked (consortium_id, consumer, record, topic, partition, "offset", published_at, key, value, header_names,
                    header_values)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT DO NOTHING;

-- name: bury
-- Keeps a message that we failed to handle, as it came; nothing when it is there already.
INSERT INTO dead_letters (consortium_id, dead_letter_id, consumer, record, topic, partition, "offset", published_at, key,
                          value, header_names, header_values, event_id, source, type, code, reason, stack)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
ON CONFLICT DO NOTHING;

-- name: block
-- Holds the key behind this dead letter.
INSERT INTO blocked_keys (consumer, topic, key, consortium_id, dead_letter_id)
VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (consumer, topic, key) DO UPDATE SET dead_letter_id = excluded.dead_letter_id,
                                                consortium_id = excluded.consortium_id;

-- name: note_consortium
-- Remembers whose dead letters there are.
INSERT INTO dead_letter_consortia (consortium_id) VALUES ($1) ON CONFLICT DO NOTHING;

-- name: consortia
-- Whose dead letters there are.
SELECT consortium_id FROM dead_letter_consortia ORDER BY consortium_id;

-- name: letter
-- One dead letter.
SELECT * FROM dead_letters WHERE dead_letter_id = $1;

-- name: lock_letter
-- One dead letter, locked.
SELECT state FROM dead_letters WHERE dead_letter_id = $1 FOR UPDATE;

-- name: close
-- Closes a dead letter as replayed or discarded, by somebody.
UPDATE dead_letters SET state = $2, closed_at = clock_timestamp(), closed_because = $3, closed_by = $4
WHERE dead_letter_id = $1 AND state = 'waiting';

-- name: lock_key
-- The dead letter in front of this key, if there is one; locked.
SELECT dead_letter_id FROM blocked_keys WHERE consumer = $1 AND topic = $2 AND key = $3 FOR UPDATE;

-- name: next_parked
-- The message that is to be handled next of this key.
SELECT * FROM parked
WHERE consumer = $1 AND topic = $2 AND key = $3
ORDER BY partition, "offset"
LIMIT 1;

-- name: unpark
-- Takes a message out of the car park.
DELETE FROM parked WHERE consumer = $1 AND record = $2;

-- name: unblock
-- Lets messages of this key through again.
DELETE FROM blocked_keys WHERE consumer = $1 AND topic = $2 AND key = $3;

-- name: list_waiting
-- A page of dead letters that wait for an operator, oldest first, with how many messages are parked behind each.
SELECT letter.dead_letter_id, letter.consumer, letter.record, letter.code, letter.reason, letter.at, letter.state,
       (SELECT count(*) FROM parked
        WHERE parked.consumer = letter.consumer AND parked.topic = letter.topic AND parked.key = letter.key) AS parked_behind,
       letter.type, letter.closed_by, letter.closed_because, letter.closed_at
FROM dead_letters AS letter
WHERE letter.state = 'waiting' AND ($1::uuid IS NULL OR letter.dead_letter_id > $1)
ORDER BY letter.dead_letter_id
LIMIT $2;

-- name: list_settled
-- The dead letters that were replayed or discarded, the last first, with who did it and why.
SELECT dead_letter_id, consumer, record, code, reason, at, state, 0::bigint AS parked_behind, type, closed_by,
       closed_because, closed_at
FROM dead_letters
WHERE state <> 'waiting'
ORDER BY closed_at DESC, dead_letter_id
LIMIT $1;

-- name: parked_behind
-- How many messages are parked behind one dead letter.
SELECT count(*) FROM parked WHERE consumer = $1 AND topic = $2 AND key = $3;

-- name: waiting
-- How many dead letters wait, and how many messages are parked.
SELECT (SELECT count(*) FROM dead_letters WHERE state = 'waiting') AS dead_letters, (SELECT count(*) FROM parked) AS parked;

-- name: pauses
-- What this consumer must hold: everything ('' and -1), or single partitions.
SELECT topic, partition FROM consumer_pause WHERE consumer = $1 ORDER BY topic, partition;

-- name: pause
-- Holds a consumer, or one of its partitions.
INSERT INTO consumer_pause (consumer, topic, partition, because) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: resume
-- Lets all of a consumer go on.
DELETE FROM consumer_pause WHERE consumer = $1;

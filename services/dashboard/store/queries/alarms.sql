-- name: alarm_turn
-- Whether it is this process's turn to look: one at a time, until its transaction ends.
SELECT pg_try_advisory_xact_lock(hashtext('speerpunt.dashboard.alarms'));

-- name: open_alarms
-- Everything that is raised now: what is about to be lost first, then the oldest.
SELECT alarm_id, key, kind, about, region, amount, bound, day, title, raised_at FROM alarms
WHERE cleared_at IS NULL ORDER BY raised_at, key;

-- name: raise_alarm
-- Raises an alarm; nothing when it is raised already.
INSERT INTO alarms (alarm_id, key, kind, about, region, amount, bound, day, title, raised_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (key) WHERE cleared_at IS NULL DO NOTHING;

-- name: update_alarm
-- How much there is of it now.
UPDATE alarms SET amount = $2, day = $3, title = $4
WHERE key = $1 AND cleared_at IS NULL AND (amount, day, title) IS DISTINCT FROM ($2, $3, $4);

-- name: clear_alarms
-- Clears these.
UPDATE alarms SET cleared_at = $2 WHERE key = ANY ($1::text[]) AND cleared_at IS NULL;

-- name: untold_alarms
-- What was raised or cleared and not told yet, in that order.
SELECT alarm_id, kind, about, region, amount, bound, day, title, raised_at, cleared_at, raised_told FROM alarms
WHERE NOT raised_told OR (cleared_at IS NOT NULL AND NOT cleared_told)
ORDER BY raised_at, key LIMIT 100;

-- name: alarm_told
-- Keeps that it was told that an alarm was raised, or cleared.
UPDATE alarms SET raised_told = raised_told OR $2, cleared_told = cleared_told OR NOT $2 WHERE alarm_id = $1;

-- name: forget_alarms
-- Lets go of what was cleared long ago.
DELETE FROM alarms WHERE cleared_at < $1 AND cleared_told;

-- name: cleared_alarms
-- What was cleared last.
SELECT alarm_id, key, kind, about, region, amount, bound, day, title, raised_at, cleared_at FROM alarms
WHERE cleared_at IS NOT NULL ORDER BY cleared_at DESC LIMIT $1;

-- name: deadlines
-- Deadlines of a region's planning between two days.
SELECT code, title, day FROM milestones
WHERE consortium_id = $1 AND kind = 'deadline' AND state <> 'cancelled' AND day BETWEEN $2 AND $3 ORDER BY day, code;

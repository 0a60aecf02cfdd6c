-- name: hold
-- Waits for the commands of the region that are under way, and keeps new ones waiting until this transaction ends.
SELECT pg_advisory_xact_lock(closure_lock($1));

-- name: keep
-- Keeps that the region is closed, or open again, unless something later is known.
INSERT INTO region_closures AS kept (consortium_id, closed, reason, since, closed_by, seq)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id) DO UPDATE
   SET closed = excluded.closed, reason = excluded.reason, since = excluded.since, closed_by = excluded.closed_by,
       seq = excluded.seq
 WHERE kept.seq < excluded.seq;

-- name: closure
-- Whether the region is closed, since when and why; nothing when it never was.
SELECT closed, reason, since, seq FROM region_closures WHERE consortium_id = $1;

-- name: closed
-- The regions that are closed now.
SELECT consortium_id, reason, since, seq FROM region_closures WHERE closed ORDER BY consortium_id;

-- name: closed_among
-- Which of these regions are closed; none of the others is closed before this transaction ends.
SELECT closed_among($1::uuid[]) AS consortium_id;

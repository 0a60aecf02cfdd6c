-- name: milestone_planned
-- A date of the planning, as it was last told.
INSERT INTO milestones (consortium_id, milestone_id, code, title, kind, day, from_day, starts_at, ends_at, state, seq)
SELECT DISTINCT ON (consortium_id, milestone_id) consortium_id, milestone_id, code, title, kind, day, from_day,
    starts_at, ends_at, replace(type, 'milestone-', ''), seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, type text, milestone_id uuid, code text,
    title text, kind text, day date, from_day date, starts_at time, ends_at time)
ORDER BY consortium_id, milestone_id, seq DESC
ON CONFLICT (consortium_id, milestone_id) DO UPDATE SET title = excluded.title, kind = excluded.kind,
    day = excluded.day, from_day = coalesce(excluded.from_day, milestones.from_day), starts_at = excluded.starts_at,
    ends_at = excluded.ends_at, state = excluded.state, seq = excluded.seq
WHERE milestones.seq < excluded.seq;

-- name: notice_decided
-- Whether somebody was told.
INSERT INTO notices (consortium_id, notice_id, milestone_id, state, at, seq)
SELECT DISTINCT ON (consortium_id, notice_id) consortium_id, notice_id, milestone_id, replace(type, 'notice-', ''),
    occurred_at, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, type text, occurred_at timestamptz,
    notice_id uuid, milestone_id uuid)
ORDER BY consortium_id, notice_id, seq DESC
ON CONFLICT (consortium_id, notice_id) DO UPDATE SET state = excluded.state, at = excluded.at, seq = excluded.seq
WHERE notices.seq < excluded.seq;

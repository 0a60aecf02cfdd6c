-- name: offer_published
-- What a company offers.
INSERT INTO offers (consortium_id, offer_id, company_id, title, line, available, seq)
SELECT DISTINCT ON (consortium_id, offer_id) consortium_id, offer_id, company_id, title, line, available, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, offer_id uuid, company_id uuid, title text,
    line text, available boolean)
ORDER BY consortium_id, offer_id, seq DESC
ON CONFLICT (consortium_id, offer_id) DO UPDATE SET title = excluded.title, line = excluded.line,
    available = excluded.available, seq = excluded.seq
WHERE offers.seq < excluded.seq;

-- name: request_published
-- What a school asks for, and whether it has it.
INSERT INTO requests (consortium_id, request_id, code, school_id, line, subject, group_size, from_day, until_day, state,
    seq)
SELECT DISTINCT ON (consortium_id, request_id) consortium_id, request_id, code, school_id, line, subject, group_size,
    from_day, until_day, state, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, request_id uuid, code text, school_id uuid,
    line text, subject text, group_size int, from_day date, until_day date, state text)
ORDER BY consortium_id, request_id, seq DESC
ON CONFLICT (consortium_id, request_id) DO UPDATE SET line = excluded.line, subject = excluded.subject,
    group_size = excluded.group_size, from_day = excluded.from_day, until_day = excluded.until_day,
    state = excluded.state, seq = excluded.seq
WHERE requests.seq < excluded.seq;

-- name: candidates_ranked
-- How many companies could do it.
UPDATE requests SET candidates = e.candidates
FROM (SELECT DISTINCT ON (consortium_id, request_id) consortium_id, request_id, jsonb_array_length(candidates) AS candidates
      FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, request_id uuid, candidates jsonb)
      ORDER BY consortium_id, request_id, seq DESC) AS e
WHERE requests.consortium_id = e.consortium_id AND requests.request_id = e.request_id;

-- name: activity_moved
-- Where an activity stands; what a later fact does not repeat stays as it was.
INSERT INTO activities AS kept (consortium_id, activity_id, code, kind, title, line, school_id, company_id, starts_at,
    ends_at, day, seats, pupils, minutes, state, reason, seq)
SELECT DISTINCT ON (consortium_id, activity_id) consortium_id, activity_id, code, kind, title, line, school_id,
    company_id, starts_at, ends_at, day, seats, pupils, minutes,
    CASE type WHEN 'attendance-confirmed' THEN 'confirmed' ELSE replace(type, 'activity-', '') END, reason, seq
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, seq bigint, type text, activity_id uuid, code text,
    kind text, title text, line text, school_id uuid, company_id uuid, starts_at timestamptz, ends_at timestamptz,
    day date, seats int, pupils int, minutes bigint, reason text)
ORDER BY consortium_id, activity_id, seq DESC
ON CONFLICT (consortium_id, activity_id) DO UPDATE SET
    kind = coalesce(excluded.kind, kept.kind), title = coalesce(excluded.title, kept.title),
    line = coalesce(excluded.line, kept.line), school_id = coalesce(excluded.school_id, kept.school_id),
    company_id = coalesce(excluded.company_id, kept.company_id),
    starts_at = coalesce(excluded.starts_at, kept.starts_at), ends_at = coalesce(excluded.ends_at, kept.ends_at),
    day = coalesce(excluded.day, kept.day), seats = coalesce(excluded.seats, kept.seats),
    pupils = coalesce(excluded.pupils, kept.pupils), minutes = coalesce(excluded.minutes, kept.minutes),
    state = CASE WHEN kept.seq < excluded.seq THEN excluded.state ELSE kept.state END,
    reason = coalesce(excluded.reason, kept.reason), seq = greatest(kept.seq, excluded.seq);

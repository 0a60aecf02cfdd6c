-- name: reporting_dates
-- The reporting calendar by day: all dates, or the one with this id, or those of a series.
SELECT * FROM reporting_dates
WHERE consortium_id = $1 AND ($2::uuid IS NULL OR reporting_date_id = $2) AND ($3::text IS NULL OR series = $3)
ORDER BY day, code;

-- name: lock_reporting_date
-- One date, locked.
SELECT * FROM reporting_dates WHERE consortium_id = $1 AND reporting_date_id = $2 FOR UPDATE;

-- name: reporting_date_moves
-- The moves of dates, in order: of all, or of the one with this id.
SELECT * FROM reporting_date_moves
WHERE consortium_id = $1 AND ($2::uuid IS NULL OR reporting_date_id = $2)
ORDER BY reporting_date_id, number;

-- name: insert_reporting_date
-- Adds a date; nothing happens when its code is on record.
INSERT INTO reporting_dates (consortium_id, reporting_date_id, code, title, origin, day, first_day, known_from, tells,
                             remind_days_before, from_day, until_day, grant_id, grant_code, series, rule, state, reason,
                             completed_on, report_code, report_id, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
ON CONFLICT DO NOTHING;

-- name: update_reporting_date
-- Keeps a date that the caller holds.
UPDATE reporting_dates
SET title = $3, day = $4, tells = $5, remind_days_before = $6, from_day = $7, until_day = $8, grant_id = $9,
    grant_code = $10, rule = $11, state = $12, reason = $13, completed_on = $14, report_code = $15, report_id = $16,
    version = $17
WHERE consortium_id = $1 AND reporting_date_id = $2;

-- name: insert_reporting_date_moves
-- Adds moves of a date, from a number on.
INSERT INTO reporting_date_moves (consortium_id, reporting_date_id, number, from_day, to_day, reason, known_from,
                                  moved_at, rule, moved_by)
SELECT $1, $2, $3 + position, from_day, to_day, reason, known_from, moved_at, rule, moved_by
FROM unnest($4::date[], $5::date[], $6::text[], $7::date[], $8::timestamptz[], $9::text[], $10::uuid[])
     WITH ORDINALITY AS move (from_day, to_day, reason, known_from, moved_at, rule, moved_by, position);

-- name: reporting_series
-- The series of the region by code, or the one with this code.
SELECT * FROM reporting_series WHERE consortium_id = $1 AND ($2::text IS NULL OR code = $2) ORDER BY code;

-- name: lock_calendar
-- Lets one at a time plan series and derive dates in a region.
SELECT pg_advisory_xact_lock(hashtextextended('funding.calendar/' || $1::uuid::text, 0));

-- name: save_reporting_series
-- Keeps a series; its version, or nothing when it says the same already.
INSERT INTO reporting_series AS kept (consortium_id, series_id, code, title, first_day, last_day, every, step, tells,
                                      remind_days_before, grant_code, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 1)
ON CONFLICT (consortium_id, series_id) DO UPDATE
SET title = excluded.title, first_day = excluded.first_day, last_day = excluded.last_day, every = excluded.every,
    step = excluded.step, tells = excluded.tells, remind_days_before = excluded.remind_days_before,
    grant_code = excluded.grant_code, version = kept.version + 1
WHERE (kept.title, kept.first_day, kept.last_day, kept.every, kept.step, kept.tells, kept.remind_days_before,
       kept.grant_code)
      IS DISTINCT FROM (excluded.title, excluded.first_day, excluded.last_day, excluded.every, excluded.step,
                        excluded.tells, excluded.remind_days_before, excluded.grant_code)
RETURNING version;

-- name: regions_with_reporting_news
-- The regions whose calendar may be another, as far as known by a day.
SELECT DISTINCT consortium_id FROM reporting_news WHERE known_from <= $1 ORDER BY consortium_id;

-- name: take_reporting_news
-- Takes note of what was announced for a region, as far as known by a day.
DELETE FROM reporting_news WHERE consortium_id = $1 AND known_from <= $2;

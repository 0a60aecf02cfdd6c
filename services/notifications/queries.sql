-- name: save_consortium
-- Keeps a region, unless a later event was here first.
INSERT INTO consortia (consortium_id, code, name, zone, language, sequence) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id) DO UPDATE
SET code = excluded.code, name = excluded.name, zone = excluded.zone, language = excluded.language,
    sequence = excluded.sequence
WHERE consortia.sequence < excluded.sequence;

-- name: consortium
-- One region.
SELECT consortium_id, code, name, zone, language FROM consortia WHERE consortium_id = $1;

-- name: save_organisation
-- Keeps what an organisation is called, unless a later event was here first.
INSERT INTO organisations (consortium_id, organisation_id, name, sequence) VALUES ($1, $2, $3, $4)
ON CONFLICT (consortium_id, organisation_id) DO UPDATE SET name = excluded.name, sequence = excluded.sequence
WHERE organisations.sequence < excluded.sequence;

-- name: milestone_by_code
-- One milestone of the planning.
SELECT * FROM milestones WHERE consortium_id = $1 AND code = $2;

-- name: lock_milestone
-- One milestone, held until the transaction ends; a new one with this code waits for it too.
SELECT * FROM milestones WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: milestone_by_id
-- One milestone of the planning.
SELECT * FROM milestones WHERE consortium_id = $1 AND milestone_id = $2;

-- name: list_milestones
-- A page of the planning, by day and code.
SELECT * FROM milestones
WHERE consortium_id = $1 AND (day, code) > ($2, $3)
ORDER BY day, code LIMIT $4;

-- name: add_milestone
-- A new milestone; nothing when somebody added one with this code just now.
INSERT INTO milestones (consortium_id, milestone_id, code, title, kind, day, starts_at, ends_at, place, audience, text,
                        remind_days_before, cancelled, reason, from_day, said, said_version, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 1, 1)
ON CONFLICT DO NOTHING
RETURNING version;

-- name: change_milestone
-- A milestone as it is from now on, with its next version.
UPDATE milestones
SET title = $3, kind = $4, day = $5, starts_at = $6, ends_at = $7, place = $8, audience = $9, text = $10,
    remind_days_before = $11, cancelled = $12, reason = $13, from_day = $14, said = $15, said_version = $16,
    version = version + 1
WHERE consortium_id = $1 AND milestone_id = $2
RETURNING version;

-- name: consortia
-- Every region of this installation.
SELECT consortium_id FROM consortia ORDER BY consortium_id;

-- name: organisation_names
-- What these organisations are called.
SELECT organisation_id, name FROM organisations WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[]);

-- name: save_subject
-- Keeps what people are told about, unless a later event was here first; a title not given stays as it was.
INSERT INTO subjects (consortium_id, subject_id, kind, state, title, organisation_id, deadline, ends_at, sequence, audiences,
                      first_day, last_day)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (consortium_id, subject_id) DO UPDATE
SET state = excluded.state, title = coalesce(excluded.title, subjects.title),
    organisation_id = coalesce(excluded.organisation_id, subjects.organisation_id),
    deadline = coalesce(excluded.deadline, subjects.deadline), ends_at = coalesce(excluded.ends_at, subjects.ends_at),
    sequence = excluded.sequence, audiences = excluded.audiences, first_day = excluded.first_day,
    last_day = excluded.last_day
WHERE subjects.sequence < excluded.sequence;

-- name: settle_statements
-- Marks an organisation's open forms as answered, or only the one that is named.
UPDATE subjects SET state = 'settled'
WHERE consortium_id = $1 AND kind = 'statement' AND state = 'open' AND organisation_id = $2
  AND ($3::uuid IS NULL OR subject_id = $3)
RETURNING subject_id;

-- name: subject
-- What is known now of something that people are told about.
SELECT * FROM subjects WHERE consortium_id = $1 AND subject_id = $2;

-- name: add_telling
-- Something to be told; nothing when this occasion is told to this audience already.
INSERT INTO tellings (consortium_id, telling_id, occasion_id, audience, template, about, about_id, about_version,
                      details, announced, due_at, added_at, correlation_id, asked, state, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, 'open', 0)
ON CONFLICT (consortium_id, occasion_id, audience) DO NOTHING;

-- name: ask_again
-- Something to be told, to whom it was not told before; one that is still open is only told as asked now.
INSERT INTO tellings AS kept (consortium_id, telling_id, occasion_id, audience, template, about, about_id, about_version,
                              details, announced, due_at, added_at, correlation_id, asked, state, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, 'open', 0)
ON CONFLICT (consortium_id, occasion_id, audience) DO UPDATE
SET announced = excluded.announced, due_at = excluded.due_at, added_at = excluded.added_at, state = 'open', attempts = 0,
    cause = NULL, asked = kept.asked + 1, correlation_id = excluded.correlation_id;

-- name: add_to_digest
-- Counts one thing more in a digest that was not told yet; touches nothing when it was.
INSERT INTO tellings AS kept (consortium_id, telling_id, occasion_id, audience, template, about, about_id, about_version,
                              details, announced, due_at, added_at, correlation_id, asked, state, attempts)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, 'open', 0)
ON CONFLICT (consortium_id, occasion_id, audience) DO UPDATE
SET details = jsonb_set(kept.details, '{count}',
                        to_jsonb((kept.details->>'count')::bigint + (excluded.details->>'count')::bigint))
WHERE kept.state = 'open' AND kept.attempts = 0;

-- name: lease_tellings
-- Takes what is due in these regions and keeps others off it until the lease ends.
WITH due AS (
    SELECT consortium_id, telling_id FROM tellings
    WHERE consortium_id = ANY($1::uuid[]) AND state = 'open' AND due_at <= $2
    ORDER BY due_at, telling_id LIMIT $4 FOR UPDATE SKIP LOCKED
)
UPDATE tellings t SET due_at = $3, attempts = t.attempts + 1
FROM due WHERE t.consortium_id = due.consortium_id AND t.telling_id = due.telling_id
RETURNING t.*;

-- name: postpone_telling
-- Tries it again later, and says why it did not work now; not when it was asked again meanwhile.
UPDATE tellings SET due_at = $4, cause = $5
WHERE consortium_id = $1 AND telling_id = $2 AND asked = $3 AND state = 'open';

-- name: close_telling
-- Ends a telling, unless it was asked again meanwhile.
UPDATE tellings SET state = $4, recipients = $5, cause = $6
WHERE consortium_id = $1 AND telling_id = $2 AND asked = $3 AND state = 'open';

-- name: forget_reminders
-- There is nothing to remind of any more.
DELETE FROM reminders WHERE consortium_id = $1 AND about_id = ANY($2::uuid[]);

-- name: add_reminders
-- Reminders that are still to come.
INSERT INTO reminders (consortium_id, about_id, about, days_before, due_at)
SELECT $1, $2, $3, days_before, due_at FROM unnest($4::integer[], $5::timestamptz[]) AS each (days_before, due_at);

-- name: regions_with_reminders
-- Those of these regions in which a reminder is due.
SELECT DISTINCT consortium_id FROM reminders WHERE consortium_id = ANY($1::uuid[]) AND due_at <= $2
ORDER BY consortium_id;

-- name: take_reminders
-- Takes reminders that are due; another process takes others.
DELETE FROM reminders r
USING (SELECT about_id, days_before FROM reminders
       WHERE consortium_id = $1 AND due_at <= $2 ORDER BY due_at, about_id LIMIT $3 FOR UPDATE SKIP LOCKED) AS due
WHERE r.consortium_id = $1 AND r.about_id = due.about_id AND r.days_before = due.days_before
RETURNING r.about, r.about_id, r.days_before;

-- name: claim_notice
-- Claims a person for an occasion and channel; touches nothing when that was done before.
INSERT INTO notices (consortium_id, notice_id, occasion_id, person_id, channel, telling_id, asked, template, language,
                     milestone_id, state, claimed_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)
ON CONFLICT ON CONSTRAINT notices_once DO NOTHING;

-- name: claim_notice_again
-- Claims a notice that surely was not sent, for a telling that was asked since.
UPDATE notices SET state = 'claimed', code = NULL, decided_at = NULL, telling_id = $5, asked = $6, language = $7,
                   claimed_at = $8
WHERE consortium_id = $1 AND occasion_id = $2 AND person_id = $3 AND channel = $4
  AND state IN ('failed', 'suppressed') AND telling_id = $5 AND asked < $6
RETURNING *, 0 AS duplicates;

-- name: add_duplicate
-- Counts that somebody was about to be told again by another telling, or by one that was asked again.
WITH told AS (
    SELECT consortium_id, notice_id FROM notices
    WHERE consortium_id = $1 AND occasion_id = $2 AND person_id = $3 AND channel = $4 AND (telling_id, asked) <> ($5, $6)
), counted AS (
    INSERT INTO notice_duplicates (consortium_id, notice_id, telling_id, asked, at)
    SELECT consortium_id, notice_id, $5, $6, $7 FROM told
    ON CONFLICT DO NOTHING
    RETURNING notice_id
)
UPDATE notices n SET version = version + 1 FROM counted
WHERE n.consortium_id = $1 AND n.notice_id = counted.notice_id
RETURNING n.*, 0 AS duplicates;

-- name: release_notice
-- Gives a claim back of which nothing was sent and nothing was said.
DELETE FROM notices WHERE consortium_id = $1 AND notice_id = $2 AND state = 'claimed' AND version = 0;

-- name: settle_notice
-- Keeps how sending ended, once; also when it was taken for unknown meanwhile.
UPDATE notices SET state = $3, code = $4, decided_at = $5, version = version + $6
WHERE consortium_id = $1 AND notice_id = $2 AND state IN ('claimed', 'unknown')
RETURNING version;

-- name: lose_notices
-- Claims of which nothing was heard since: whoever made them ended, and whether they were sent nobody knows.
UPDATE notices SET state = 'unknown', code = 'process-ended', decided_at = $3
WHERE consortium_id = ANY($1::uuid[]) AND state = 'claimed' AND claimed_at < $2;

-- name: notice_by_id
-- One notice, with how often its person was about to be told again.
SELECT n.*, (SELECT count(*) FROM notice_duplicates d
              WHERE d.consortium_id = n.consortium_id AND d.notice_id = n.notice_id) AS duplicates
FROM notices n WHERE consortium_id = $1 AND notice_id = $2;

-- name: list_notices
-- A page of notices by id, which is the order in which they were claimed.
SELECT n.*, (SELECT count(*) FROM notice_duplicates d
              WHERE d.consortium_id = n.consortium_id AND d.notice_id = n.notice_id) AS duplicates
FROM notices n
WHERE consortium_id = $1 AND ($2::uuid IS NULL OR notice_id > $2) AND ($4::text IS NULL OR state = $4)
  AND ($5::text IS NULL OR template = $5) AND ($6::uuid IS NULL OR person_id = $6)
  AND ($7::uuid IS NULL OR milestone_id = $7)
ORDER BY notice_id LIMIT $3;

-- name: notice_counts
-- Notices by template and state, and how often somebody was about to be told again.
SELECT n.template, n.state, count(*) AS notices, coalesce(sum(d.duplicates), 0)::bigint AS duplicates
FROM notices n
LEFT JOIN (SELECT notice_id, count(*) AS duplicates FROM notice_duplicates WHERE consortium_id = $1 GROUP BY notice_id) d
       USING (notice_id)
WHERE n.consortium_id = $1
GROUP BY n.template, n.state ORDER BY n.template, n.state;

-- name: telling_counts
-- How many tellings are due and not told, wait for their time, were given up, or had nobody to tell.
SELECT count(*) FILTER (WHERE state = 'open' AND (due_at <= $2 OR attempts > 0)) AS waiting,
       count(*) FILTER (WHERE state = 'open' AND due_at > $2 AND attempts = 0) AS later,
       count(*) FILTER (WHERE state = 'given-up') AS given_up,
       count(*) FILTER (WHERE state = 'told' AND recipients = 0) AS to_nobody
FROM tellings WHERE consortium_id = $1;

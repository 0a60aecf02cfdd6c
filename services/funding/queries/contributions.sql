-- name: add_contributions
-- Adds contributions as they were booked.
INSERT INTO contributions (consortium_id, contribution_id, organisation_id, line, day, kind, minutes, value_cents, rule,
                           origin, activity_id, activity_ref, state, version, sender, record_id, worker_ref, verified_by,
                           verified_how, declared_by, school_id, school_word)
SELECT $1, made.*
FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::text[], $7::bigint[], $8::bigint[], $9::text[],
            $10::text[], $11::uuid[], $12::text[], $13::text[], $14::bigint[], $15::text[], $16::text[], $17::text[],
            $18::uuid[], $19::text[], $20::uuid[], $21::uuid[], $22::text[])
     AS made (contribution_id, organisation_id, line, day, kind, minutes, value_cents, rule, origin, activity_id,
              activity_ref, state, version, sender, record_id, worker_ref, verified_by, verified_how, declared_by,
              school_id, school_word)
ORDER BY made.contribution_id;

-- name: move_contributions
-- Brings contributions, locked by the caller, into another state, with who did so.
UPDATE contributions
SET state = moved.state, version = moved.version, held_from = moved.held_from, verified_by = moved.verified_by,
    verified_how = moved.verified_how, approved_by = moved.approved_by, accepted_by = moved.accepted_by,
    rejected_by = moved.rejected_by, rejected_code = moved.rejected_code, rejected_note = moved.rejected_note,
    school_id = moved.school_id, school_word = moved.school_word, school_by = moved.school_by
FROM unnest($2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::uuid[], $7::text[], $8::uuid[], $9::uuid[], $10::uuid[],
            $11::text[], $12::text[], $13::uuid[], $14::text[], $15::uuid[])
     AS moved (contribution_id, state, version, held_from, verified_by, verified_how, approved_by, accepted_by,
               rejected_by, rejected_code, rejected_note, school_id, school_word, school_by)
WHERE contributions.consortium_id = $1 AND contributions.contribution_id = moved.contribution_id;

-- name: add_lessons
-- Notes activities that a school confirmed; the ids of those that were not noted before.
INSERT INTO lessons (consortium_id, activity_id, activity_ref, organisation_id, line, day, minutes, school_id)
SELECT $1, noted.*
FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::date[], $7::bigint[], $8::uuid[])
     AS noted (activity_id, activity_ref, organisation_id, line, day, minutes, school_id)
ORDER BY noted.activity_id
ON CONFLICT DO NOTHING
RETURNING activity_id;

-- name: hours_near_lessons
-- Hours in the books that may be those of these lessons: with their reference, or without any of the same organisation
-- on the same day and line. Locked in the order of their ids.
SELECT * FROM contributions
WHERE consortium_id = $1 AND kind IN ('hours', 'pupil-presence') AND origin <> 'lesson'
  AND state IN ('declared', 'verified', 'accepted')
  AND (activity_ref = ANY ($2::text[])
       OR (activity_ref IS NULL
           AND (organisation_id, day, line) IN (SELECT * FROM unnest($3::uuid[], $4::date[], $5::text[]))))
ORDER BY contribution_id
FOR UPDATE;

-- name: lock_due
-- What was verified up to and including a day and that this person neither declared, verified nor approved, nor said the
-- word of a school of, nor the system of this account declared: locked in the order of ids.
SELECT * FROM contributions
WHERE consortium_id = $1 AND state = 'verified' AND day <= $2
  AND declared_by IS DISTINCT FROM $3 AND verified_by IS DISTINCT FROM $3 AND approved_by IS DISTINCT FROM $3
  AND school_by IS DISTINCT FROM $3 AND ($4::text IS NULL OR sender IS DISTINCT FROM $4)
ORDER BY contribution_id
FOR UPDATE;

-- name: left_for_another
-- How many of the verified ones up to a day this person, or the system of this account, had a hand in, and so may not
-- accept.
SELECT count(*) FROM contributions
WHERE consortium_id = $1 AND state = 'verified' AND day <= $2
  AND (declared_by = $3 OR verified_by = $3 OR approved_by = $3 OR school_by = $3 OR sender = $4);

-- name: contributions_after
-- A page of the region's contributions by id: all, or those in a state, of an organisation, for a line.
SELECT * FROM contributions
WHERE consortium_id = $1 AND contribution_id > $2
  AND ($4::text IS NULL OR state = $4)
  AND ($5::uuid IS NULL OR organisation_id = $5)
  AND ($6::text IS NULL OR line = $6)
ORDER BY contribution_id
LIMIT $3;

-- name: contribution
-- One contribution.
SELECT * FROM contributions WHERE consortium_id = $1 AND contribution_id = $2;

-- name: lock_contribution
-- One contribution, locked.
SELECT * FROM contributions WHERE consortium_id = $1 AND contribution_id = $2 FOR UPDATE;

-- name: valued_of
-- When a contribution was first booked, and what its sender said that its own price rests on.
SELECT (SELECT min(recorded_at) FROM journal_entries
        WHERE consortium_id = $1 AND subject_kind = 'contribution' AND subject_id = $2) AS at,
       (SELECT content ->> 'basis' FROM intake_records
        WHERE consortium_id = $1 AND contribution_id = $2 AND content ? 'basis'
        ORDER BY received_at LIMIT 1) AS basis;

-- name: organisation_of_contribution
-- Whose contribution it is, so that the organisation can be locked before the contribution.
SELECT organisation_id FROM contributions WHERE consortium_id = $1 AND contribution_id = $2;

-- name: entry_ids_of
-- The journal entries of a contribution, in order.
SELECT entry_id FROM journal_entries
WHERE consortium_id = $1 AND subject_kind = 'contribution' AND subject_id = $2
ORDER BY entry_no;

-- name: received
-- A page by id of what schools received and of which they are asked or gave their word, or the one with this id: of all
-- schools, or of these; with whose it is and what its sender wrote of it. Of what is asked, what still waits.
SELECT contribution.*, organisation.code AS organisation_code, organisation.name AS organisation_name,
       record.content ->> 'description' AS description
FROM contributions AS contribution
LEFT JOIN organisations AS organisation USING (consortium_id, organisation_id)
LEFT JOIN intake_records AS record
       ON record.consortium_id = contribution.consortium_id AND record.sender = contribution.sender
      AND record.record_id = contribution.record_id
WHERE contribution.consortium_id = $1 AND contribution.school_word = ANY ($2::text[])
  AND contribution.contribution_id > $3 AND ($4::uuid IS NULL OR contribution.contribution_id = $4)
  AND ($4::uuid IS NOT NULL OR contribution.school_word <> 'asked' OR contribution.state = 'declared')
  AND ($5::uuid[] IS NULL OR contribution.school_id = ANY ($5))
ORDER BY contribution.contribution_id
LIMIT $6;

-- name: awaiting_activities
-- What names one of these activities, waits for the word of a school, and is not time, which a lesson meets itself: locked
-- in the order of ids.
SELECT * FROM contributions
WHERE consortium_id = $1 AND activity_ref = ANY ($2::text[]) AND state = 'declared' AND school_word = 'asked'
  AND kind NOT IN ('hours', 'pupil-presence')
ORDER BY contribution_id
FOR UPDATE;

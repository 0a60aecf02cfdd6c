-- name: keep_regions_open
-- Keeps these regions from closing a period until this transaction ends.
SELECT consortium_id, zone FROM consortia
WHERE consortium_id = ANY ($1::uuid[])
ORDER BY consortium_id
FOR KEY SHARE;

-- name: closed_until
-- Up to which day these regions are closed.
SELECT consortium_id, max(until_day) AS until_day FROM period_closings
WHERE consortium_id = ANY ($1::uuid[])
GROUP BY consortium_id;

-- name: lines_of_regions
-- The lines of these regions with the period of their programme.
SELECT line.consortium_id, line.code, programme.from_day, programme.until_day
FROM programme_lines AS line
JOIN programmes AS programme USING (consortium_id, programme_id)
WHERE line.consortium_id = ANY ($1::uuid[])
ORDER BY line.consortium_id, line.code, programme.from_day;

-- name: rules_of_regions
-- All rules of all schemes of these regions.
SELECT consortium_id, code, about, terms, valid_from, valid_until, known_from, source, reason, flagged,
       replaces
FROM scheme_rules
WHERE consortium_id = ANY ($1::uuid[])
ORDER BY consortium_id, scheme_id, code;

-- name: organisations_by_references
-- Which organisations go by these names, each in its region.
SELECT consortium_id, reference, organisation_id, organisation.kind, organisation.registry_numbers
FROM organisation_references
JOIN unnest($1::uuid[], $2::text[]) AS asked (consortium_id, reference) USING (consortium_id, reference)
JOIN organisations AS organisation USING (consortium_id, organisation_id)
ORDER BY consortium_id, reference, organisation_id;

-- name: branches_of
-- Which others share a number in a public register with these organisations: branches of one company.
SELECT DISTINCT asked.consortium_id, asked.organisation_id, other.organisation_id AS branch_id
FROM unnest($1::uuid[], $2::uuid[]) AS asked (consortium_id, organisation_id)
JOIN organisations AS own USING (consortium_id, organisation_id)
CROSS JOIN LATERAL jsonb_each_text(own.registry_numbers) AS numbers (register, number)
JOIN organisation_references AS other
     ON other.consortium_id = asked.consortium_id AND other.reference = numbers.register || ':' || numbers.number
WHERE other.organisation_id <> asked.organisation_id
ORDER BY asked.consortium_id, asked.organisation_id, branch_id;

-- name: lock_organisations
-- Lets nobody else check or book what these organisations bring in until this transaction ends.
SELECT organisation_id FROM organisations
WHERE (consortium_id, organisation_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY consortium_id, organisation_id
FOR NO KEY UPDATE;

-- name: lock_buckets
-- Takes the locks under which activities and pieces of evidence are checked and booked; the caller gives them in order.
SELECT pg_advisory_xact_lock(hashtext('funding.intake'), bucket) FROM unnest($1::integer[]) AS bucket;

-- name: mandates_of
-- What these senders may declare in these regions.
SELECT consortium_id, sender, organisation_id, from_day, until_day FROM mandates
WHERE consortium_id = ANY ($1::uuid[]) AND sender = ANY ($2::text[])
ORDER BY consortium_id, sender, organisation_id;

-- name: sufficing_standings
-- When these organisations count as partners.
SELECT consortium_id, organisation_id, from_day, until_day FROM standing_periods
WHERE suffices AND (consortium_id, organisation_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY consortium_id, organisation_id, position;

-- name: pledged_on
-- Those of these organisations that made a pledge here for the day in question.
SELECT DISTINCT asked.consortium_id, asked.organisation_id, asked.day
FROM unnest($1::uuid[], $2::uuid[], $3::date[]) AS asked (consortium_id, organisation_id, day)
JOIN pledges AS pledge USING (consortium_id, organisation_id)
JOIN pledge_versions AS signed USING (consortium_id, pledge_id, version)
WHERE asked.day BETWEEN signed.from_day AND signed.until_day
ORDER BY asked.consortium_id, asked.organisation_id, asked.day;

-- name: worked_minutes
-- What is booked already for these workers on these days.
SELECT consortium_id, organisation_id, sender, worker_ref, day, sum(minutes)::bigint AS minutes
FROM contributions
JOIN unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::date[])
     AS asked (consortium_id, organisation_id, sender, worker_ref, day)
     USING (consortium_id, organisation_id, sender, worker_ref, day)
WHERE kind = 'hours' AND state IN ('declared', 'verified', 'accepted')
GROUP BY consortium_id, organisation_id, sender, worker_ref, day;

-- name: confirmed_activities
-- Which of these activities a school confirmed, whose, for which line and at which school; and whether their hours are in
-- the books: unless the hours with their reference were rejected and nothing took their place.
SELECT consortium_id, activity_ref, organisation_id, line, school_id,
       NOT EXISTS (
           SELECT FROM contributions AS gone
           WHERE gone.consortium_id = lessons.consortium_id AND gone.activity_ref = lessons.activity_ref
             AND gone.kind IN ('hours', 'pupil-presence') AND gone.state = 'rejected'
       ) OR EXISTS (
           SELECT FROM contributions AS kept
           WHERE kept.consortium_id = lessons.consortium_id AND kept.activity_ref = lessons.activity_ref
             AND kept.kind IN ('hours', 'pupil-presence') AND kept.state IN ('declared', 'verified', 'accepted', 'held')
       ) AS booked
FROM lessons
WHERE (consortium_id, activity_ref) IN (SELECT * FROM unnest($1::uuid[], $2::text[]))
ORDER BY consortium_id, activity_ref, activity_id;

-- name: fingerprint_places
-- Where these were claimed, in any region, as hashes of places.
SELECT fingerprint, place FROM places_of_fingerprints($1::bytea[]);

-- name: fingerprint_claims
-- Which contributions of the transaction's regions claimed these.
SELECT fingerprint, contribution_id, place FROM fingerprint_claims
WHERE consortium_id = ANY ($1::uuid[]) AND fingerprint = ANY ($2::bytea[]);

-- name: hours_on_days
-- Of these organisations, days and lines: who declared hours or gave a lesson that booked them, under which reference, how
-- many minutes, and in how many contributions; and, apart from these, whether a lesson was confirmed.
WITH asked AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::date[], $4::text[]) AS asked (consortium_id, organisation_id, day, line)
)
SELECT consortium_id, organisation_id, day, line, sender, activity_ref, minutes, count(*) AS contributions, false AS lesson
FROM contributions JOIN asked USING (consortium_id, organisation_id, day, line)
WHERE kind IN ('hours', 'pupil-presence') AND state IN ('declared', 'verified', 'accepted')
GROUP BY consortium_id, organisation_id, day, line, sender, activity_ref, minutes
UNION ALL
SELECT DISTINCT consortium_id, organisation_id, day, line, NULL, NULL, 0::bigint, 0::bigint, true
FROM lessons JOIN asked USING (consortium_id, organisation_id, day, line);

-- name: umbrella_members
-- Who counts, or counted, as a partner through which umbrella, of these organisations as either of the two.
SELECT DISTINCT consortium_id, organisation_id, through_id FROM standing_periods
WHERE through_id IS NOT NULL
  AND ((consortium_id, organisation_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
       OR (consortium_id, through_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[])))
ORDER BY consortium_id, organisation_id, through_id;

-- name: earlier_records
-- These records of senders; of one that was refused also the one that it stood in for, and so on.
WITH RECURSIVE named AS (
    SELECT consortium_id, sender, record_id, replaces, state
    FROM intake_records
    JOIN unnest($1::text[], $2::text[]) AS asked (sender, record_id) USING (sender, record_id)
    UNION
    SELECT before.consortium_id, before.sender, before.record_id, before.replaces, before.state
    FROM named
    JOIN intake_records AS before ON before.sender = named.sender AND before.record_id = named.replaces
    WHERE named.state = 'refused'
)
SELECT kept.consortium_id, kept.sender, kept.record_id, kept.state, kept.outcome, kept.reasons, kept.replaces,
       kept.settled_by, kept.organisation_id, kept.contribution_id
FROM named
JOIN intake_records AS kept USING (consortium_id, sender, record_id)
ORDER BY kept.sender, kept.record_id, kept.consortium_id;

-- name: lock_contributions
-- These contributions, locked in the order of region and id.
SELECT * FROM contributions
WHERE (consortium_id, contribution_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))
ORDER BY consortium_id, contribution_id
FOR UPDATE;

-- name: latest_seals
-- The latest seal of each of these regions.
SELECT region.consortium_id, seal.entry_count, seal.head
FROM unnest($1::uuid[]) AS region (consortium_id)
CROSS JOIN LATERAL (
    SELECT entry_count, head FROM ledger_seals
    WHERE ledger_seals.consortium_id = region.consortium_id
    ORDER BY batch DESC LIMIT 1
) AS seal;

-- name: add_intake_records
-- Keeps what became of records.
INSERT INTO intake_records (consortium_id, intake_id, sender, record_id, record, origin, received_at, state, outcome,
                            reasons, content, replaces, organisation_id, contribution_id, version)
SELECT $1, intake_id, sender, record_id, record, origin, received_at, outcome, outcome, reasons, content, replaces,
       organisation_id, contribution_id, 1
FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[], $9::jsonb[],
            $10::jsonb[], $11::text[], $12::uuid[], $13::uuid[])
     AS made (intake_id, sender, record_id, record, origin, received_at, outcome, reasons, content, replaces,
              organisation_id, contribution_id);

-- name: settle_records
-- Tells records what became of them since: replaced, withdrawn, held after all.
UPDATE intake_records
SET state = told.state, settled_by = coalesce(told.settled_by, intake_records.settled_by), version = version + 1
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[]) AS told (sender, record_id, state, settled_by)
WHERE intake_records.consortium_id = $1
  AND intake_records.sender = told.sender AND intake_records.record_id = told.record_id;

-- name: add_receipts
-- Keeps receipts, in the order in which they are published.
INSERT INTO receipts (consortium_id, receipt_id, sender, record_id, at, body)
SELECT $1, receipt_id, sender, record_id, $2, body
FROM unnest($3::uuid[], $4::text[], $5::text[], $6::jsonb[])
     WITH ORDINALITY AS made (receipt_id, sender, record_id, body, position)
ORDER BY position;

-- name: receipts_after
-- A page of receipts, of one sender or of all in the transaction's regions. It stops at the horizon, so whoever follows
-- it misses none.
SELECT written_in, receipt_no, consortium_id, sender, record_id, at, body
FROM receipts
WHERE ($1::text IS NULL OR sender = $1)
  AND (written_in, receipt_no) > ($2::bigint, $3::bigint)
  AND written_in < $5
ORDER BY written_in, receipt_no
LIMIT $4;

-- name: receipts_horizon
-- The first transaction that may still write: the oldest that runs in this database, else the next one. Ask this before
-- the page, whose snapshot then holds all that was written before. Locks name a transaction by its last 32 bits.
SELECT least(next, (
    SELECT min(next - ((next - transactionid::text::bigint) & 4294967295))
    FROM pg_locks
    WHERE locktype = 'transactionid' AND granted AND mode = 'ExclusiveLock'
      AND (next - transactionid::text::bigint) & 4294967295 < 2147483648
      AND virtualtransaction IN (
          SELECT virtualtransaction FROM pg_locks
          WHERE locktype = 'relation' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
))
FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next) AS now;

-- name: add_fingerprint_claims
-- Claims these for contributions of the region, and lets other regions know that they were claimed somewhere.
WITH own AS (
    INSERT INTO fingerprint_claims (consortium_id, contribution_id, fingerprint, place)
    SELECT $1, contribution_id, fingerprint, place
    FROM unnest($2::bytea[], $3::uuid[], $4::bytea[]) AS made (fingerprint, contribution_id, place)
    ORDER BY contribution_id, fingerprint
    ON CONFLICT DO NOTHING
)
SELECT add_fingerprints($2::bytea[], $4::bytea[]);

-- name: drop_fingerprint_claims
-- Frees what contributions claimed that left the books; what no other of the region claims at that place is returned.
WITH gone AS (
    DELETE FROM fingerprint_claims WHERE consortium_id = $1 AND contribution_id = ANY ($2::uuid[])
    RETURNING fingerprint, place
)
SELECT DISTINCT fingerprint, place FROM gone
WHERE NOT EXISTS (
    SELECT FROM fingerprint_claims AS other
    WHERE other.consortium_id = $1 AND other.fingerprint = gone.fingerprint AND other.place = gone.place
      AND other.contribution_id <> ALL ($2::uuid[])
);

-- name: drop_fingerprints
-- Lets other regions know that these are free again.
SELECT drop_fingerprints($1::bytea[], $2::bytea[]);

-- name: regions_of_sender
-- In which regions a sender has, or had, a mandate.
SELECT DISTINCT consortium_id FROM mandates WHERE sender = $1 ORDER BY consortium_id;

-- name: deliveries_of
-- How the records were delivered that declared these contributions.
SELECT contribution_id, sender, record_id, record, outcome FROM intake_records
WHERE consortium_id = $1 AND contribution_id = ANY ($2::uuid[])
ORDER BY contribution_id, record_id;

-- name: held_records
-- A page of the records that wait for a person, longest waiting first.
SELECT intake_id, sender, record_id, record, origin, received_at, state, reasons, content, organisation_id,
       contribution_id, version
FROM intake_records
WHERE consortium_id = $1 AND state = 'held' AND (received_at, intake_id) > ($2, $3)
ORDER BY received_at, intake_id
LIMIT $4;

-- name: intake_record
-- One record by our own name for it, locked.
SELECT intake_id, sender, record_id, record, origin, received_at, state, reasons, content, organisation_id,
       contribution_id, version
FROM intake_records
WHERE consortium_id = $1 AND intake_id = $2
FOR UPDATE;

-- name: organisation_of_record
-- Whose record it is, so that the organisation can be locked before the record.
SELECT organisation_id FROM intake_records WHERE consortium_id = $1 AND intake_id = $2;

-- name: decide_record
-- A person decided about a record that was held.
UPDATE intake_records
SET state = $3, contribution_id = coalesce($4, contribution_id), reasons = $5, version = version + 1
WHERE consortium_id = $1 AND intake_id = $2;

-- name: explain_rejection
-- The record of a contribution that was rejected says why, and does not wait for a decision any more.
UPDATE intake_records
SET reasons = $3, state = CASE state WHEN 'held' THEN 'refused' ELSE state END, version = version + 1
WHERE consortium_id = $1 AND contribution_id = $2 AND state IN ('booked', 'held');

-- name: explain_hold
-- The record of a contribution that was put on hold says why.
UPDATE intake_records SET reasons = $3, version = version + 1
WHERE consortium_id = $1 AND contribution_id = $2 AND state = 'held';

-- name: lock_region
-- The region, for whoever closes a period: waits for those who are booking.
SELECT consortium_id FROM consortia WHERE consortium_id = $1 FOR UPDATE;

-- name: keep_period_open
-- Up to which day the region is closed, and nobody closes more until this transaction ends.
SELECT keep_period_open($1);

-- name: period_closings
-- When the region closed what.
SELECT until_day, closed_by, closed_at, version FROM period_closings WHERE consortium_id = $1 ORDER BY until_day;

-- name: close_period
-- Closes a period.
INSERT INTO period_closings (consortium_id, until_day, closed_by, closed_at, version) VALUES ($1, $2, $3, $4, $5);

-- name: save_consortium
-- Keeps the region's copy, unless a later event already did.
INSERT INTO consortia (consortium_id, code, zone, sequence) VALUES ($1, $2, $3, $4)
ON CONFLICT (consortium_id) DO UPDATE SET code = excluded.code, zone = excluded.zone, sequence = excluded.sequence
WHERE consortia.sequence < excluded.sequence;

-- name: zone
-- The time zone of a region; null when it is not known here yet.
SELECT zone FROM consortia WHERE consortium_id = $1;

-- name: consortia
-- Every region of this installation, for loops that go over all of them.
SELECT consortium_id FROM consortia ORDER BY consortium_id;

-- name: save_organisation
-- Keeps an organisation's copy, unless a later event already did.
INSERT INTO organisations (consortium_id, organisation_id, code, name, kind, municipality, sequence)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (consortium_id, organisation_id) DO UPDATE
SET code = excluded.code, name = excluded.name, kind = excluded.kind, municipality = excluded.municipality,
    sequence = excluded.sequence
WHERE organisations.sequence < excluded.sequence;

-- name: organisations
-- Organisations of the region by id.
SELECT organisation_id, code, name, kind, municipality FROM organisations
WHERE consortium_id = $1 AND organisation_id = ANY ($2::uuid[]) ORDER BY organisation_id;

-- name: save_programme
-- Keeps a programme's copy; a row comes back when this event is later than what was known.
INSERT INTO programmes (consortium_id, programme_id, code, from_day, until_day, sequence) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id, programme_id) DO UPDATE
SET code = excluded.code, from_day = excluded.from_day, until_day = excluded.until_day, sequence = excluded.sequence
WHERE programmes.sequence < excluded.sequence
RETURNING sequence;

-- name: delete_lines
-- Forgets the lines that a programme no longer has.
DELETE FROM lines WHERE consortium_id = $1 AND programme_id = $2 AND code <> ALL ($3::text[]);

-- name: save_lines
-- Keeps the lines of a programme.
INSERT INTO lines (consortium_id, programme_id, code, kind, title)
SELECT $1, $2, line.code, line.kind, line.title
FROM unnest($3::text[], $4::text[], $5::text[]) AS line (code, kind, title)
ON CONFLICT (consortium_id, code) DO UPDATE
SET programme_id = excluded.programme_id, kind = excluded.kind, title = excluded.title;

-- name: lines
-- The codes of all lines of a region.
SELECT code FROM lines WHERE consortium_id = $1 ORDER BY code;

-- name: places
-- The centres of all municipalities known to this installation.
SELECT name, latitude, longitude FROM municipalities ORDER BY name;

-- name: kinds
-- The kinds of activity of a region.
SELECT code, title, behaviour, place, cancel_hours FROM kinds WHERE consortium_id = $1 ORDER BY code;

-- name: add_kind
-- Adds a kind unless the region already has one of that code.
INSERT INTO kinds (consortium_id, code, title, behaviour, place, cancel_hours) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT DO NOTHING;

-- name: save_kind
-- Adds or changes a kind.
INSERT INTO kinds (consortium_id, code, title, behaviour, place, cancel_hours) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (consortium_id, code) DO UPDATE
SET title = excluded.title, behaviour = excluded.behaviour, place = excluded.place, cancel_hours = excluded.cancel_hours;

-- name: offer_by_code
-- One offer.
SELECT * FROM offers WHERE consortium_id = $1 AND code = $2;

-- name: lock_offer
-- One offer, locked until the transaction ends.
SELECT * FROM offers WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: offers_of_kind
-- Every available offer of one kind.
SELECT * FROM offers WHERE consortium_id = $1 AND kind = $2 AND available ORDER BY code;

-- name: list_offers
-- A page of offers by code, after the given one; of one line or company when asked.
SELECT * FROM offers
WHERE consortium_id = $1 AND code > $2 AND ($4::text IS NULL OR line = $4) AND ($5::uuid IS NULL OR company_id = $5)
ORDER BY code LIMIT $3;

-- name: save_offer
-- Adds or changes an offer; the version after so many facts.
INSERT INTO offers (consortium_id, offer_id, code, kind, title, company_id, line, subject, levels, language, min_group,
                    max_group, minutes, preparation_minutes, workers, price_cents, municipality, max_travel_minutes,
                    windows, from_day, until_day, available, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)
ON CONFLICT (consortium_id, offer_id) DO UPDATE
SET kind = excluded.kind, title = excluded.title, company_id = excluded.company_id, line = excluded.line,
    subject = excluded.subject, levels = excluded.levels, language = excluded.language, min_group = excluded.min_group,
    max_group = excluded.max_group, minutes = excluded.minutes, preparation_minutes = excluded.preparation_minutes,
    workers = excluded.workers, price_cents = excluded.price_cents, municipality = excluded.municipality,
    max_travel_minutes = excluded.max_travel_minutes, windows = excluded.windows, from_day = excluded.from_day,
    until_day = excluded.until_day, available = excluded.available, version = offers.version + $23
RETURNING version;

-- name: request_by_code
-- One request.
SELECT * FROM requests WHERE consortium_id = $1 AND code = $2;

-- name: lock_request
-- One request, locked until the transaction ends.
SELECT * FROM requests WHERE consortium_id = $1 AND code = $2 FOR UPDATE;

-- name: lock_request_by_id
-- One request by its id, locked until the transaction ends.
SELECT * FROM requests WHERE consortium_id = $1 AND request_id = $2 FOR UPDATE;

-- name: list_requests
-- A page of requests by code, after the given one; in one state or of one school when asked.
SELECT * FROM requests
WHERE consortium_id = $1 AND code > $2 AND ($4::text IS NULL OR state = $4) AND ($5::uuid IS NULL OR school_id = $5)
ORDER BY code LIMIT $3;

-- name: save_request
-- Adds or changes a request; the version after so many facts.
INSERT INTO requests (consortium_id, request_id, code, kind, school_id, line, subject, level, group_size, language,
                      from_day, until_day, minutes, municipality, windows, closed, state, attempts, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
ON CONFLICT (consortium_id, request_id) DO UPDATE
SET kind = excluded.kind, school_id = excluded.school_id, line = excluded.line, subject = excluded.subject,
    level = excluded.level, group_size = excluded.group_size, language = excluded.language,
    from_day = excluded.from_day, until_day = excluded.until_day, minutes = excluded.minutes,
    municipality = excluded.municipality, windows = excluded.windows, closed = excluded.closed, state = excluded.state,
    attempts = excluded.attempts, version = requests.version + $19
RETURNING version;

-- name: candidates
-- The last ranking for a request, best first.
SELECT o.code AS offer_code, o.company_id, c.* FROM candidates c JOIN offers o USING (consortium_id, offer_id)
WHERE c.consortium_id = $1 AND c.request_id = $2 ORDER BY c.rank;

-- name: forget_candidates
-- Forgets those candidates for a request that have not had their turn.
DELETE FROM candidates WHERE consortium_id = $1 AND request_id = $2 AND outcome = 'proposed';

-- name: add_candidate
-- Adds a candidate behind those who had their turn.
INSERT INTO candidates (consortium_id, request_id, offer_id, rank, score, travel_minutes, starts_at, reasons, outcome)
VALUES ($1, $2, $3, (SELECT coalesce(max(rank), 0) + 1 FROM candidates WHERE consortium_id = $1 AND request_id = $2),
        $4, $5, $6, $7, 'proposed');

-- name: settle_candidate
-- Says what became of a candidate.
UPDATE candidates SET outcome = $4 WHERE consortium_id = $1 AND request_id = $2 AND offer_id = $3;

-- name: company_load
-- For every company how many activities it has, and how many of those with this school.
SELECT company_id, count(*) AS activities, count(*) FILTER (WHERE school_id = $2) AS together
FROM activities WHERE consortium_id = $1 AND state NOT IN ('cancelled', 'lapsed')
GROUP BY company_id ORDER BY company_id;

-- name: offers_taken
-- When the offers of the region are given already, between two moments.
SELECT offer_id, starts_at, ends_at FROM activities
WHERE consortium_id = $1 AND offer_id IS NOT NULL AND state NOT IN ('cancelled', 'lapsed')
  AND starts_at < $3 AND ends_at > $2
ORDER BY offer_id, starts_at;

-- name: activity_by_code
-- One activity with its seats.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.code = $2;

-- name: activity_by_id
-- One activity with its seats, by id.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.activity_id = $2;

-- name: lock_activity
-- One activity with its seats, locked until the transaction ends. The seats are not locked.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.code = $2 FOR UPDATE OF a;

-- name: share_activity
-- One activity with its seats, kept from changing until the transaction ends; sign-ups do not wait for each other.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.code = $2 FOR SHARE OF a;

-- name: lock_for_sign_ups
-- Activities by code, kept from changing, and their seats, kept from being taken, until the transaction ends; in one order,
-- so that two of these never wait for each other in a circle.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.code = ANY ($2::text[]) ORDER BY a.activity_id FOR SHARE OF a FOR UPDATE OF s;

-- name: lock_activity_by_id
-- One activity with its seats by id, locked until the transaction ends.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.activity_id = $2 FOR UPDATE OF a;

-- name: await_turn
-- Lets one transaction at a time put what goes by this name, before there is a row to lock.
SELECT pg_advisory_xact_lock(hashtextextended('activities.put/' || $1::uuid::text || '/' || $2::text, 0));

-- name: lock_imported
-- The activity with this reference of an outside platform, locked until the transaction ends.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.external_ref = $2 FOR UPDATE OF a;

-- name: list_activities
-- A page of activities by start, after the given start and id; in one state, of one organisation, line or period when asked.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND (a.starts_at, a.activity_id) > ($2, $3::uuid)
  AND ($5::text IS NULL OR a.state = $5) AND ($6::uuid IS NULL OR a.school_id = $6 OR a.company_id = $6)
  AND ($7::text IS NULL OR a.line = $7) AND ($8::timestamptz IS NULL OR a.starts_at < $8)
ORDER BY a.starts_at, a.activity_id LIMIT $4;

-- name: upcoming_activities
-- Activities that keep their place and start at or after a moment, soonest first.
SELECT a.*, s.seats, s.taken FROM activities a JOIN slots s USING (consortium_id, activity_id)
WHERE a.consortium_id = $1 AND a.starts_at >= $2 AND a.state NOT IN ('cancelled', 'lapsed')
ORDER BY a.starts_at, a.activity_id LIMIT $3;

-- name: add_activity
-- Adds an activity, at the version after so many facts.
INSERT INTO activities (consortium_id, activity_id, code, kind, title, line, school_id, company_id, starts_at, ends_at,
                        state, price_cents, preparation_minutes, request_id, offer_id, room, teachers, external_ref,
                        held_until, held_by, reason, workers, minutes_each, pupils, reported_by, confirmed_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
        $25, $26, $27)
RETURNING version;

-- name: change_activity
-- Changes an activity; the version after so many facts.
UPDATE activities
SET kind = $3, title = $4, line = $5, school_id = $6, company_id = $7, starts_at = $8, ends_at = $9, state = $10,
    preparation_minutes = $11, room = $12, teachers = $13, held_until = $14, reason = $15, workers = $16,
    minutes_each = $17, pupils = $18, reported_by = $19, confirmed_at = $20, version = version + $21
WHERE consortium_id = $1 AND activity_id = $2
RETURNING version;

-- name: add_slot
-- Gives an activity its seats.
INSERT INTO slots (consortium_id, activity_id, seats) VALUES ($1, $2, $3);

-- name: change_seats
-- Gives an activity another number of seats; no row when more are taken already.
UPDATE slots SET seats = $3 WHERE consortium_id = $1 AND activity_id = $2 AND taken <= $3 RETURNING taken;

-- name: take_seats
-- Takes seats when there are so many left; no row when there are not. What is left comes back.
UPDATE slots SET taken = taken + $3
WHERE consortium_id = $1 AND activity_id = $2 AND taken + $3 <= seats
RETURNING seats - taken AS left_over;

-- name: give_back_seats
-- Gives seats back.
UPDATE slots SET taken = taken - $3 WHERE consortium_id = $1 AND activity_id = $2;

-- name: seats_left
-- How many seats an activity has left.
SELECT seats - taken FROM slots WHERE consortium_id = $1 AND activity_id = $2;

-- name: occupy
-- Takes the company's slot, the room and the people for a stretch of time. Overlap is refused by constraint.
INSERT INTO occupations (consortium_id, resource, during, activity_id)
SELECT $1, resource, tstzrange($3, $4), $2 FROM unnest($5::text[]) AS resource ORDER BY resource;

-- name: vacate
-- Frees whatever an activity occupied.
DELETE FROM occupations WHERE consortium_id = $1 AND activity_id = $2;

-- name: add_booking
-- Adds a sign-up.
INSERT INTO bookings (consortium_id, booking_id, activity_id, code, school_id, pupils, state, booked_at)
VALUES ($1, $2, $3, $4, $5, $6, 'booked', $7);

-- name: add_bookings
-- Adds sign-ups and takes their seats, of slots that are held and have room; those that were added. Who signed up for the
-- same before is left out.
WITH added AS (
    INSERT INTO bookings (consortium_id, booking_id, activity_id, code, school_id, pupils, state, booked_at)
    SELECT $1, booking_id, activity_id, code, school_id, pupils, 'booked', booked_at
    FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::integer[], $7::timestamptz[])
         AS booking (booking_id, activity_id, code, school_id, pupils, booked_at)
    ORDER BY activity_id, code
    ON CONFLICT DO NOTHING
    RETURNING booking_id, activity_id, pupils
), seated AS (
    UPDATE slots SET taken = taken + asked.pupils
    FROM (SELECT activity_id, sum(pupils) AS pupils FROM added GROUP BY activity_id) AS asked
    WHERE slots.consortium_id = $1 AND slots.activity_id = asked.activity_id
)
SELECT booking_id FROM added ORDER BY booking_id;

-- name: booking_by_id
-- One sign-up.
SELECT b.*, a.code AS activity_code FROM bookings b JOIN activities a USING (consortium_id, activity_id)
WHERE b.consortium_id = $1 AND b.booking_id = $2;

-- name: lock_booking
-- One sign-up, locked until the transaction ends.
SELECT b.*, a.code AS activity_code FROM bookings b JOIN activities a USING (consortium_id, activity_id)
WHERE b.consortium_id = $1 AND b.booking_id = $2 FOR UPDATE OF b;

-- name: lock_booking_of
-- The sign-up of one class for one activity, locked until the transaction ends.
SELECT b.*, a.code AS activity_code FROM bookings b JOIN activities a USING (consortium_id, activity_id)
WHERE b.consortium_id = $1 AND b.activity_id = $2 AND b.code = $3 FOR UPDATE OF b;

-- name: change_booking
-- Changes a sign-up's head count and state.
UPDATE bookings SET pupils = $3, state = $4 WHERE consortium_id = $1 AND booking_id = $2;

-- name: cancel_bookings
-- Ends all sign-ups for one activity.
UPDATE bookings SET state = 'cancelled' WHERE consortium_id = $1 AND activity_id = $2 AND state = 'booked';

-- name: empty_slot
-- Frees all seats of one activity.
UPDATE slots SET taken = 0 WHERE consortium_id = $1 AND activity_id = $2;

-- name: list_bookings
-- A page of sign-ups by id, after the given one; for one activity or of one school when asked.
SELECT b.*, a.code AS activity_code FROM bookings b JOIN activities a USING (consortium_id, activity_id)
WHERE b.consortium_id = $1 AND b.booking_id > $2 AND ($4::text IS NULL OR a.code = $4)
  AND ($5::uuid IS NULL OR b.school_id = $5)
ORDER BY b.booking_id LIMIT $3;

-- name: expired_holds
-- Activities whose hold has ended, the longest ago first.
SELECT activity_id FROM activities
WHERE consortium_id = $1 AND state = 'held' AND held_until <= $2
ORDER BY held_until, activity_id LIMIT $3;

-- name: plan_budget_step
-- Says what is to be told to funding next about an activity.
INSERT INTO budget_steps (consortium_id, activity_id, step, attempts, due_at) VALUES ($1, $2, $3, 0, $4)
ON CONFLICT (consortium_id, activity_id) DO UPDATE
SET step = excluded.step, attempts = 0, due_at = greatest(excluded.due_at, budget_steps.due_at), cause = NULL;

-- name: lease_budget_steps
-- Takes the steps that are due and keeps others off them until the lease ends.
WITH due AS (
    SELECT consortium_id, activity_id FROM budget_steps
    WHERE consortium_id = $1 AND step <> 'done' AND due_at <= $2
    ORDER BY due_at, activity_id LIMIT $4 FOR UPDATE SKIP LOCKED
), leased AS (
    UPDATE budget_steps b SET due_at = $3, attempts = b.attempts + 1
    FROM due WHERE b.consortium_id = due.consortium_id AND b.activity_id = due.activity_id
    RETURNING b.*
)
SELECT l.activity_id, l.step, l.attempts, a.line, a.price_cents, a.code
FROM leased l JOIN activities a USING (consortium_id, activity_id) ORDER BY l.activity_id;

-- name: settle_budget_step
-- Ends a step and says when the next one is due, unless somebody planned another step meanwhile.
UPDATE budget_steps SET step = $4, due_at = $5, attempts = 0, cause = NULL
WHERE consortium_id = $1 AND activity_id = $2 AND step = $3;

-- name: postpone_budget_step
-- Tries a step again later, and says why it did not work now.
UPDATE budget_steps SET due_at = $4, cause = $5 WHERE consortium_id = $1 AND activity_id = $2 AND step = $3;

-- name: budget_step
-- What is to be told to funding about an activity.
SELECT step, attempts, due_at, cause FROM budget_steps WHERE consortium_id = $1 AND activity_id = $2;

-- name: statistics
-- Activities of a period by line and state, with the minutes and pupils that were confirmed.
SELECT line, state, count(*) AS activities,
       coalesce(sum(workers * (minutes_each + preparation_minutes)) FILTER (WHERE state = 'confirmed'), 0) AS minutes,
       coalesce(sum(pupils) FILTER (WHERE state = 'confirmed'), 0) AS pupils
FROM activities
WHERE consortium_id = $1 AND ($2::timestamptz IS NULL OR starts_at >= $2) AND ($3::timestamptz IS NULL OR starts_at < $3)
GROUP BY line, state ORDER BY line, state;

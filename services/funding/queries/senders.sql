-- name: put_sender
-- Makes a sender or gives it another title; a row tells whether it was new, no row that nothing changed.
INSERT INTO senders (code, title) VALUES ($1, $2)
ON CONFLICT (code) DO UPDATE SET title = excluded.title WHERE senders.title <> excluded.title
RETURNING xmax = 0 AS created;

-- name: sender
-- One sender.
SELECT code, title FROM senders WHERE code = $1;

-- name: senders
-- All senders of this installation.
SELECT code, title FROM senders ORDER BY code;

-- name: put_mandate
-- Lets a sender declare for an organisation, or changes for which days; a row tells whether it was new, no row that
-- nothing changed.
INSERT INTO mandates (consortium_id, sender, organisation_id, from_day, until_day) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (consortium_id, sender, organisation_id) DO UPDATE
SET from_day = excluded.from_day, until_day = excluded.until_day
WHERE (mandates.from_day, mandates.until_day) IS DISTINCT FROM (excluded.from_day, excluded.until_day)
RETURNING xmax = 0 AS created;

-- name: withdraw_mandates
-- Takes back what a sender could only have declared after a day.
DELETE FROM mandates WHERE sender = $1 AND from_day > $2 RETURNING organisation_id;

-- name: end_mandates
-- Lets a sender declare nothing for days after this one.
UPDATE mandates SET until_day = $2
WHERE sender = $1 AND (until_day IS NULL OR until_day > $2)
RETURNING organisation_id;

-- name: mandates_in_region
-- What a sender may declare in a region.
SELECT organisation.code AS organisation, mandate.from_day, mandate.until_day
FROM mandates AS mandate
JOIN organisations AS organisation USING (consortium_id, organisation_id)
WHERE mandate.consortium_id = $1 AND mandate.sender = $2
ORDER BY organisation.code;

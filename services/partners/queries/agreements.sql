-- name: draw_up
-- Makes a draft unless there is an agreement with this id; its version, or nothing.
INSERT INTO agreements (consortium_id, agreement_id, code, title, text, first_day, last_day, sign_from, sign_until,
                        blanks, state, in_force_since, version, told)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::jsonb, 'draft', NULL, 1, 0)
ON CONFLICT (consortium_id, agreement_id) DO NOTHING
RETURNING version;

-- name: lock_agreement
-- One agreement of the region, locked: whoever circulates, fills in or signs waits here for the one before.
SELECT agreement_id, code, title, text, first_day, last_day, sign_from, sign_until, blanks, state, in_force_since, version
  FROM agreements
 WHERE consortium_id = $1 AND code = $2
   FOR NO KEY UPDATE;

-- name: agreement_by_code
-- One agreement of the region.
SELECT agreement_id, code, title, text, first_day, last_day, sign_from, sign_until, blanks, state, in_force_since, version
  FROM agreements
 WHERE consortium_id = $1 AND code = $2;

-- name: agreements_after
-- A page of the region's agreements by code, for one who sees all.
SELECT agreement_id, code, title, text, first_day, last_day, sign_from, sign_until, blanks, state, in_force_since, version
  FROM agreements
 WHERE consortium_id = $1 AND code > $2
 ORDER BY code
 LIMIT $3;

-- name: parties_of
-- The parties of these agreements, in the order in which they were named.
SELECT agreement_id, organisation_id, role, counts, filled_in, signed_by, signed_on, place
  FROM agreement_parties
 WHERE consortium_id = $1 AND agreement_id = ANY($2::uuid[])
 ORDER BY agreement_id, place_in_list;

-- name: save_agreement
-- Writes a locked agreement of which this many facts are told; its version, and that of the last fact.
UPDATE agreements
   SET title = $3, text = $4, first_day = $5, last_day = $6, sign_from = $7, sign_until = $8, blanks = $9::jsonb,
       state = $10, in_force_since = $11, version = version + 1, told = told + $12
 WHERE consortium_id = $1 AND agreement_id = $2
RETURNING version, told;

-- name: drop_parties
-- Takes the parties of a draft away that are no longer named.
DELETE FROM agreement_parties
 WHERE consortium_id = $1 AND agreement_id = $2 AND organisation_id <> ALL($3::uuid[]);

-- name: save_parties
-- Writes the parties of a draft, in the order in which they are named.
INSERT INTO agreement_parties (consortium_id, agreement_id, organisation_id, place_in_list, role, counts, filled_in)
SELECT $1, $2, organisation_id, place_in_list, role, counts, filled_in
  FROM unnest($3::uuid[], $4::text[], $5::boolean[], $6::jsonb[])
       WITH ORDINALITY AS wanted (organisation_id, role, counts, filled_in, place_in_list)
 ORDER BY organisation_id
ON CONFLICT (consortium_id, agreement_id, organisation_id) DO UPDATE
   SET place_in_list = excluded.place_in_list, role = excluded.role, counts = excluded.counts,
       filled_in = excluded.filled_in;

-- name: fill_in
-- Writes what a party filled in.
UPDATE agreement_parties
   SET filled_in = $4::jsonb
 WHERE consortium_id = $1 AND agreement_id = $2 AND organisation_id = $3;

-- name: sign
-- Writes the signature of a party.
UPDATE agreement_parties
   SET signed_by = $4, signed_on = $5, signed_at = $6, place = $7
 WHERE consortium_id = $1 AND agreement_id = $2 AND organisation_id = $3 AND signed_by IS NULL;

-- name: parties_on
-- The parties of agreements that were circulated and have not ended on a day.
SELECT DISTINCT organisation_id
  FROM agreements JOIN agreement_parties USING (consortium_id, agreement_id)
 WHERE consortium_id = $1 AND state <> 'draft' AND $2 <= last_day AND role = 'party'
 ORDER BY organisation_id;

-- name: parties_by_id
-- The organisations that are a party, witness or supporter of an agreement that was circulated.
SELECT organisation_id
  FROM agreements JOIN agreement_parties USING (consortium_id, agreement_id)
 WHERE consortium_id = $1 AND agreement_id = $2 AND state <> 'draft'
 ORDER BY organisation_id;

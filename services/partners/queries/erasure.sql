-- name: lock_person
-- One person of the region, held until the transaction ends, with what became of an erasure.
SELECT person_id, code, name, email, language, organisation_id, roles, version, erasure_asked_at, erased_at
  FROM persons
 WHERE consortium_id = $1 AND person_id = $2
   FOR UPDATE;

-- name: is_erased
-- Whether a person was erased, or is to be.
SELECT erasure_asked_at IS NOT NULL FROM persons WHERE consortium_id = $1 AND person_id = $2;

-- name: save_hold
-- Keeps a hold or gives it another end; its version, or nothing when it says so already.
INSERT INTO legal_holds AS kept (consortium_id, person_id, code, until_day, reason, set_by, set_at, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
ON CONFLICT (consortium_id, person_id, code) DO UPDATE
   SET until_day = excluded.until_day, reason = excluded.reason, set_by = excluded.set_by, set_at = excluded.set_at,
       version = kept.version + 1
 WHERE (kept.until_day, kept.reason) IS DISTINCT FROM (excluded.until_day, excluded.reason)
RETURNING version;

-- name: hold_by_rule
-- Keeps the name of persons of several regions as long as the books need what they did: never shorter than before.
INSERT INTO legal_holds AS kept (consortium_id, person_id, code, until_day, reason, set_by, set_at, version)
SELECT consortium_id, person_id, code, until_day, reason, NULL, $6, 1
  FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::date[], $5::text[])
       AS acted (consortium_id, person_id, code, until_day, reason)
 ORDER BY consortium_id, person_id, code
ON CONFLICT (consortium_id, person_id, code) DO UPDATE
   SET until_day = excluded.until_day, reason = excluded.reason, set_by = NULL, set_at = excluded.set_at,
       version = kept.version + 1
 WHERE kept.until_day < excluded.until_day;

-- name: holds
-- The holds on a person, the longest first.
SELECT code, until_day, reason, set_by, set_at, version
  FROM legal_holds
 WHERE consortium_id = $1 AND person_id = $2
 ORDER BY until_day DESC, code;

-- name: signed_agreements
-- The agreements that a person signed, with the last day that they are about.
SELECT agreement.code, greatest(agreement.last_day, party.signed_on) AS last_day
  FROM agreement_parties AS party
  JOIN agreements AS agreement USING (consortium_id, agreement_id)
 WHERE consortium_id = $1 AND party.signed_by = $2
 ORDER BY agreement.code;

-- name: close_person
-- Takes away all but the name: address, organisation, roles. Nobody can be reached as this person any more.
UPDATE persons
   SET email = '', organisation_id = NULL, roles = '{}', erasure_asked_at = $3, erasure_asked_by = $4,
       erasure_reason = $5, version = version + 1
 WHERE consortium_id = $1 AND person_id = $2
RETURNING version;

-- name: erase_name
-- Takes away the name, and the code, which may be made of it: the id is left.
UPDATE persons SET name = '', code = person_id::text, erased_at = $3, version = version + 1
 WHERE consortium_id = $1 AND person_id = $2
RETURNING version;

-- name: drop_accounts
-- Nobody signs in as this person any more.
DELETE FROM identities WHERE consortium_id = $1 AND person_id = $2;

-- name: redact
-- Takes what parties filled in away where it holds these words.
UPDATE agreement_parties AS party
   SET filled_in = (SELECT jsonb_object_agg(key, CASE WHEN position(lower($2) IN lower(value)) > 0 THEN $3 ELSE value END)
                      FROM jsonb_each_text(party.filled_in))
 WHERE consortium_id = $1 AND $2 <> '' AND position(lower($2) IN lower(party.filled_in::text)) > 0;

-- name: await_end
-- Notes that an erasure waits for the end of a hold.
INSERT INTO erasures (consortium_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: forget_wait
-- An erasure waits no more.
DELETE FROM erasures WHERE consortium_id = $1 AND person_id = $2;

-- name: waiting_erasures
-- Every erasure that waits, of all regions.
SELECT consortium_id, person_id FROM erasures ORDER BY consortium_id, person_id;

-- name: erasures
-- What was asked to be erased, the latest first, with the last day of what holds it.
SELECT person.person_id, erasure_asked_at, erasure_asked_by, erasure_reason, erased_at, name,
       (SELECT max(until_day) FROM legal_holds AS hold
         WHERE hold.consortium_id = $1 AND hold.person_id = person.person_id AND hold.until_day >= $2) AS held_until
  FROM persons AS person
 WHERE person.consortium_id = $1 AND erasure_asked_at IS NOT NULL AND ($3::uuid IS NULL OR person.person_id = $3)
 ORDER BY erasure_asked_at DESC, person.person_id
 LIMIT 500;

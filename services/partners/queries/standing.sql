-- name: lock_policy
-- The standing policy of the region, locked: standings of a region are worked out one after the other, each on all that
-- the ones before it wrote.
SELECT standing_policy
  FROM consortia
 WHERE consortium_id = $1
   FOR NO KEY UPDATE;

-- name: members_under
-- The organisations for which one of these ever signs.
SELECT DISTINCT member_id
  FROM umbrella_mandates
 WHERE consortium_id = $1 AND umbrella_id = ANY($2::uuid[])
 ORDER BY member_id;

-- name: organisations_with_standing
-- The organisations that have, or had, a ground.
SELECT organisation_id
  FROM standings
 WHERE consortium_id = $1
 ORDER BY organisation_id;

-- name: mandates_of
-- The umbrella mandates that these members gave.
SELECT umbrella_id, member_id, first_day, last_day
  FROM umbrella_mandates
 WHERE consortium_id = $1 AND member_id = ANY($2::uuid[])
 ORDER BY member_id, umbrella_id, mandate_id;

-- name: signed_parties
-- Where these organisations signed, as a party, an agreement that is in force.
SELECT organisation_id, first_day, last_day, in_force_since, signed_on
  FROM agreements JOIN agreement_parties USING (consortium_id, agreement_id)
 WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[]) AND state = 'in-force' AND role = 'party'
   AND signed_on IS NOT NULL
 ORDER BY organisation_id, agreement_id;

-- name: pledges_of
-- The pledges of these organisations.
SELECT organisation_id, first_day, last_day
  FROM pledges
 WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[])
 ORDER BY organisation_id, pledge_id;

-- name: standings_of
-- The standings of these organisations, as published last.
SELECT organisation_id, grounds, version
  FROM standings
 WHERE consortium_id = $1 AND organisation_id = ANY($2::uuid[])
 ORDER BY organisation_id;

-- name: save_standings
-- Writes standings that changed; the version of each.
INSERT INTO standings AS kept (consortium_id, organisation_id, grounds, version)
SELECT $1, organisation_id, grounds, 1
  FROM unnest($2::uuid[], $3::jsonb[]) AS wanted (organisation_id, grounds)
 ORDER BY organisation_id
ON CONFLICT (consortium_id, organisation_id) DO UPDATE
   SET grounds = excluded.grounds, version = kept.version + 1
RETURNING organisation_id, version;

-- name: standings_after
-- A page of the region's organisations by code, each with its standing as published last.
SELECT o.organisation_id, o.code, s.grounds, s.version
  FROM organisations o LEFT JOIN standings s USING (consortium_id, organisation_id)
 WHERE o.consortium_id = $1 AND o.code > $2
 ORDER BY o.code
 LIMIT $3;

-- name: standing_by_code
-- One organisation of the region with its standing as published last.
SELECT o.organisation_id, o.code, s.grounds, s.version
  FROM organisations o LEFT JOIN standings s USING (consortium_id, organisation_id)
 WHERE o.consortium_id = $1 AND o.code = $2;

-- name: standings_asked
-- The standings of organisations of several regions, as published last; organisations that a region lacks are left out.
SELECT o.consortium_id, o.organisation_id, s.grounds, s.version
  FROM unnest($1::uuid[], $2::uuid[]) AS asked (consortium_id, organisation_id)
       JOIN organisations o USING (consortium_id, organisation_id)
       LEFT JOIN standings s USING (consortium_id, organisation_id)
 ORDER BY o.consortium_id, o.organisation_id;

-- name: save_pledges
-- Keeps the days of pledges, unless a later event was here first; whose pledges they are, and whose they were.
INSERT INTO pledges AS kept (consortium_id, pledge_id, organisation_id, first_day, last_day, sequence)
SELECT consortium_id, pledge_id, organisation_id, first_day, last_day, sequence
  FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::date[], $5::date[], $6::bigint[])
       AS heard (consortium_id, pledge_id, organisation_id, first_day, last_day, sequence)
 ORDER BY consortium_id, pledge_id
ON CONFLICT (consortium_id, pledge_id) DO UPDATE
   SET organisation_id = excluded.organisation_id, first_day = excluded.first_day, last_day = excluded.last_day,
       sequence = excluded.sequence
 WHERE kept.sequence < excluded.sequence
RETURNING new.consortium_id, new.organisation_id, old.organisation_id AS old_organisation_id;

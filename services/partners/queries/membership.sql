-- name: save_membership
-- Starts a membership or describes it anew; its version and what it was before, or nothing when it is so already.
INSERT INTO memberships AS kept (consortium_id, membership_id, code, organisation_id, role, first_day, last_day, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
ON CONFLICT (consortium_id, membership_id) DO UPDATE
   SET organisation_id = excluded.organisation_id, role = excluded.role, first_day = excluded.first_day,
       last_day = excluded.last_day, version = kept.version + 1
 WHERE (kept.organisation_id, kept.role, kept.first_day, kept.last_day)
       IS DISTINCT FROM (excluded.organisation_id, excluded.role, excluded.first_day, excluded.last_day)
RETURNING new.version, old.version AS old_version, old.organisation_id, old.role, old.first_day, old.last_day;

-- name: membership_by_code
-- One membership of the region.
SELECT membership_id, code, organisation_id, role, first_day, last_day, version
  FROM memberships
 WHERE consortium_id = $1 AND code = $2;

-- name: memberships_after
-- A page of the region's memberships by code; with a day, those that hold on it.
SELECT membership_id, code, organisation_id, role, first_day, last_day, version
  FROM memberships
 WHERE consortium_id = $1 AND code > $2
   AND ($4::date IS NULL OR (first_day <= $4 AND (last_day IS NULL OR $4 <= last_day)))
 ORDER BY code
 LIMIT $3;

-- name: members_on
-- The organisations with a membership on a day, but for those that only applied.
SELECT DISTINCT organisation_id
  FROM memberships
 WHERE consortium_id = $1 AND first_day <= $2 AND (last_day IS NULL OR $2 <= last_day) AND role <> 'applicant'
 ORDER BY organisation_id;

-- name: joined_on
-- The organisations with a membership on a day, those that only applied included.
SELECT DISTINCT organisation_id
  FROM memberships
 WHERE consortium_id = $1 AND first_day <= $2 AND (last_day IS NULL OR $2 <= last_day)
 ORDER BY organisation_id;

-- name: under_umbrella_on
-- The organisations whose mandate to this one holds on a day.
SELECT DISTINCT member_id
  FROM umbrella_mandates
 WHERE consortium_id = $1 AND umbrella_id = $2 AND first_day <= $3 AND (last_day IS NULL OR $3 <= last_day)
 ORDER BY member_id;

-- name: lead_partners_on
-- The organisations that lead the region on a day.
SELECT DISTINCT organisation_id
  FROM memberships
 WHERE consortium_id = $1 AND first_day <= $2 AND (last_day IS NULL OR $2 <= last_day) AND role = 'lead-partner'
 ORDER BY organisation_id;

-- name: save_mandate
-- Gives a mandate or describes it anew; its version and what it was before, or nothing when it is so already.
INSERT INTO umbrella_mandates AS kept (consortium_id, mandate_id, code, umbrella_id, member_id, first_day, last_day, version)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1)
ON CONFLICT (consortium_id, mandate_id) DO UPDATE
   SET umbrella_id = excluded.umbrella_id, member_id = excluded.member_id, first_day = excluded.first_day,
       last_day = excluded.last_day, version = kept.version + 1
 WHERE (kept.umbrella_id, kept.member_id, kept.first_day, kept.last_day)
       IS DISTINCT FROM (excluded.umbrella_id, excluded.member_id, excluded.first_day, excluded.last_day)
RETURNING new.version, old.version AS old_version, old.umbrella_id, old.member_id, old.first_day, old.last_day;

-- name: mandate_by_code
-- One umbrella mandate of the region.
SELECT mandate_id, code, umbrella_id, member_id, first_day, last_day, version
  FROM umbrella_mandates
 WHERE consortium_id = $1 AND code = $2;

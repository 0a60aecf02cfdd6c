-- name: save_group
-- Forms a group or describes it anew; its version and its members before, or nothing when it is so already. A change
-- is as many versions as it has facts: one, and one for each organisation that was not a member before.
INSERT INTO working_groups AS kept
       (consortium_id, working_group_id, code, title, spearheads, chair_id, members, version)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, 1 + jsonb_array_length($7::jsonb))
ON CONFLICT (consortium_id, working_group_id) DO UPDATE
   SET title = excluded.title, spearheads = excluded.spearheads, chair_id = excluded.chair_id,
       members = excluded.members,
       version = kept.version + 1 + (
           SELECT count(*)
             FROM jsonb_array_elements(excluded.members) AS now
            WHERE NOT EXISTS (
                SELECT FROM jsonb_array_elements(kept.members) AS was
                 WHERE was ->> 'organisationId' = now ->> 'organisationId'))
 WHERE (kept.title, kept.spearheads, kept.chair_id, kept.members)
       IS DISTINCT FROM (excluded.title, excluded.spearheads, excluded.chair_id, excluded.members)
RETURNING new.version, old.version AS old_version, old.members;

-- name: group_by_code
-- One working group of the region.
SELECT working_group_id, code, title, spearheads, chair_id, members, version
  FROM working_groups
 WHERE consortium_id = $1 AND code = $2;

-- name: group_by_id
-- One working group of the region by id.
SELECT working_group_id, code, title, spearheads, chair_id, members, version
  FROM working_groups
 WHERE consortium_id = $1 AND working_group_id = $2;

-- name: groups_after
-- A page of the region's working groups by code; with a spearhead, those that carry it.
SELECT working_group_id, code, title, spearheads, chair_id, members, version
  FROM working_groups
 WHERE consortium_id = $1 AND code > $2 AND ($4::text IS NULL OR $4 = ANY(spearheads))
 ORDER BY code
 LIMIT $3;

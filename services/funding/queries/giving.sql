-- name: given_on
-- A page of what is committed to organisations and stands, in order of id: not to the lead partner ($2) itself, and not
-- to organisations of the kinds $3, whom nothing is granted. With what was paid of each.
SELECT made.reservation_id, coalesce(made.code, made.reservation_id::text) AS code, made.line, made.confirmed_at,
       made.expires_on, made.cents - made.decommitted_cents AS cents, made.organisation_id,
       organisation.code AS organisation, organisation.name, coalesce(organisation.registry_numbers, '{}') AS numbers,
       paid.ids AS paid_ids, paid.days AS paid_days, paid.cents AS paid_cents
  FROM reservations AS made
  LEFT JOIN organisations AS organisation USING (consortium_id, organisation_id)
 CROSS JOIN LATERAL (
       SELECT coalesce(array_agg(claim_id ORDER BY paid_on, claim_id), '{}') AS ids,
              coalesce(array_agg(paid_on ORDER BY paid_on, claim_id), '{}') AS days,
              coalesce(array_agg(claims.cents ORDER BY paid_on, claim_id), '{}') AS cents
         FROM claims
        WHERE consortium_id = $1 AND reservation_id = made.reservation_id AND state = 'paid'
       ) AS paid
 WHERE made.consortium_id = $1 AND made.state = 'confirmed' AND made.cents > made.decommitted_cents
   AND made.organisation_id <> $2 AND coalesce(organisation.kind <> ALL ($3::text[]), true)
   AND ($4::uuid IS NULL OR made.reservation_id > $4)
 ORDER BY made.reservation_id
 LIMIT $5;

-- name: given_on_total
-- How many of them there are.
SELECT count(*)
  FROM reservations AS made
  LEFT JOIN organisations AS organisation USING (consortium_id, organisation_id)
 WHERE made.consortium_id = $1 AND made.state = 'confirmed' AND made.cents > made.decommitted_cents
   AND made.organisation_id <> $2 AND coalesce(organisation.kind <> ALL ($3::text[]), true);

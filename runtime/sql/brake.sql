-- name: held
-- How much waits to be published, what is set aside included: facts, counted up to the given number, and the bytes of their
-- data. Reads no data itself, and never more rows than the bound.
SELECT count(*) AS facts, coalesce(sum(size), 0)::bigint AS bytes
FROM (
    (SELECT octet_length(data) AS size FROM outbox LIMIT $1)
    UNION ALL
    (SELECT octet_length(data) AS size FROM outbox_aside LIMIT $1)
) AS held;

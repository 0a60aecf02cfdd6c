-- name: lock
-- Whether this session now is the only one that migrates. Asked again until it is: a session that waits inside
-- PostgreSQL for the lock would dead-lock with CREATE INDEX CONCURRENTLY.
SELECT pg_try_advisory_lock(hashtext('speerpunt.migrate'), 0);

-- name: make_schema_migrations
-- The table in which dbmate keeps what was applied.
CREATE TABLE IF NOT EXISTS schema_migrations (version varchar PRIMARY KEY);

-- name: describe_schema_migrations
-- Describes that table, as every table must be.
COMMENT ON TABLE schema_migrations IS '[installation] [read-only] Which migrations this database has.';

-- name: applied
-- What was applied.
SELECT version FROM schema_migrations ORDER BY version;

-- name: record_applied
-- Records one migration as applied.
INSERT INTO schema_migrations (version) VALUES ($1);

-- name: make_refuse_change
-- What the triggers of an append-only table call.
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: book a correction instead of changing what was written', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;

-- name: tables
-- Every table and view with its description, whether it belongs to consortia, and which of its unique constraints, unique
-- indexes and foreign keys do not start with consortium_id.
SELECT relation.relname AS name,
       obj_description(relation.oid, 'pg_class') AS comment,
       relation.relkind IN ('v', 'm') AS is_view,
       coalesce('security_invoker=true' = ANY(relation.reloptions), false) AS invoker,
       EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = relation.oid AND attname = 'consortium_id' AND attnotnull AND atttypid = 'uuid'::regtype
                 AND NOT attisdropped) AS tenant,
       ARRAY(SELECT 'foreign key ' || conname
             FROM pg_constraint
             JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]
             JOIN pg_attribute AS target ON target.attrelid = confrelid AND target.attname = 'consortium_id'
             WHERE conrelid = relation.oid AND contype = 'f' AND pg_attribute.attname <> 'consortium_id'
             UNION ALL
             SELECT 'unique index ' || index.relname
             FROM pg_index
             JOIN pg_class AS index ON index.oid = indexrelid
             LEFT JOIN pg_attribute ON attrelid = indrelid AND attnum = indkey[0]
             WHERE indrelid = relation.oid AND indisunique AND pg_attribute.attname IS DISTINCT FROM 'consortium_id'
             ORDER BY 1) AS loose_constraints
FROM pg_class AS relation
WHERE relation.relnamespace = 'public'::regnamespace
  AND relation.relkind IN ('r', 'p', 'v', 'm')
  AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = relation.oid AND deptype = 'e')
ORDER BY relation.relname;

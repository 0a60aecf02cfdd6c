-- name: tables
-- Every table of the database, whether its rows are of a region, its columns but those that are made by themselves, and
-- the columns of its primary key.
SELECT relation.relname AS name,
       EXISTS (SELECT FROM pg_attribute
               WHERE attrelid = relation.oid AND attname = 'consortium_id' AND NOT attisdropped) AS of_region,
       coalesce(obj_description(relation.oid, 'pg_class'), '') ~ '^\s*(\[[a-z-]+\]\s*)*\[(installation|guarded)\]'
           AS installation,
       ARRAY(SELECT attname::text FROM pg_attribute
             WHERE attrelid = relation.oid AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = ''
             ORDER BY attnum) AS columns,
       ARRAY(SELECT attname::text FROM pg_index
             JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
             WHERE indrelid = relation.oid AND indisprimary ORDER BY array_position(indkey, attnum)) AS key
FROM pg_class AS relation
WHERE relation.relnamespace = 'public'::regnamespace AND relation.relkind = 'r'
ORDER BY relation.relname;

-- name: references
-- Which table has a foreign key to which other one.
SELECT DISTINCT own.relname AS own, other.relname AS other
FROM pg_constraint
JOIN pg_class AS own ON own.oid = conrelid
JOIN pg_class AS other ON other.oid = confrelid
WHERE contype = 'f' AND own.relnamespace = 'public'::regnamespace AND own.oid <> other.oid;

-- name: schema
-- Which migrations this database has.
SELECT array_agg(version::text ORDER BY version) FROM schema_migrations;

-- name: origins
-- The regions that came out of an archive, and the one that each was first taken of.
SELECT consortium_id, origin_id FROM region_imports;

-- name: import_of
-- How the import of a region stands, locked.
SELECT origin_id, sha256, bytes, state, at FROM region_imports WHERE consortium_id = $1 FOR UPDATE;

-- name: begin_import
-- A region is coming.
INSERT INTO region_imports (consortium_id, origin_id, sha256, bytes, imported_by, at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: put_page
-- Keeps a page of what is coming.
INSERT INTO region_import_pages (consortium_id, page, content) VALUES ($1, $2, $3)
ON CONFLICT (consortium_id, page) DO UPDATE SET content = excluded.content;

-- name: page
-- One page.
SELECT content FROM region_import_pages WHERE consortium_id = $1 AND page = $2;

-- name: forget_pages
-- The pages are not needed any more.
DELETE FROM region_import_pages WHERE consortium_id = $1;

-- name: loaded
-- The region has come.
UPDATE region_imports SET state = 'loaded' WHERE consortium_id = $1;

-- name: give_up
-- The region does not come after all.
DELETE FROM region_imports WHERE consortium_id = $1 AND state = 'loading';

-- name: forget_closure
-- Nor is it closed.
DELETE FROM region_closures WHERE consortium_id = $1;

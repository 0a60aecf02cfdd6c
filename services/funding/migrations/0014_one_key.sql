-- migrate:up
-- The id of what has a code is made of that code, so the code is unique as it is. A second unique key beside the primary
-- one only made rivals fail that met on it first: an upsert waits on one key.
ALTER TABLE statements DROP CONSTRAINT statements_consortium_id_code_key;
CREATE INDEX statements_by_code ON statements (consortium_id, code);
ALTER TABLE consortia DROP CONSTRAINT consortia_code_key;

-- migrate:down
DROP INDEX statements_by_code;
ALTER TABLE statements ADD UNIQUE (consortium_id, code);
ALTER TABLE consortia ADD UNIQUE (code);

-- migrate:up
-- The id of what has a code is made of that code, so the code is unique as it is. A second unique key beside the primary
-- one only made rivals fail that met on it first: an upsert waits on one key.
ALTER TABLE offers DROP CONSTRAINT offers_consortium_id_code_key;
CREATE INDEX offers_by_code ON offers (consortium_id, code);
ALTER TABLE requests DROP CONSTRAINT requests_consortium_id_code_key;
CREATE INDEX requests_by_code ON requests (consortium_id, code);
ALTER TABLE consortia DROP CONSTRAINT consortia_code_key;

-- migrate:down
DROP INDEX offers_by_code;
ALTER TABLE offers ADD UNIQUE (consortium_id, code);
DROP INDEX requests_by_code;
ALTER TABLE requests ADD UNIQUE (consortium_id, code);
ALTER TABLE consortia ADD UNIQUE (code);

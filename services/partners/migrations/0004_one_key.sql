-- migrate:up
-- The id of what has a code is made of that code, so the code is unique as it is. A second unique key beside the primary
-- one only made rivals fail that met on it first: an upsert waits on one key.
ALTER TABLE programmes DROP CONSTRAINT programmes_consortium_id_code_key;
CREATE INDEX programmes_by_code ON programmes (consortium_id, code);
ALTER TABLE organisations DROP CONSTRAINT organisations_consortium_id_code_key;
CREATE INDEX organisations_by_code ON organisations (consortium_id, code);
ALTER TABLE persons DROP CONSTRAINT persons_consortium_id_code_key;
CREATE INDEX persons_by_code ON persons (consortium_id, code);
ALTER TABLE memberships DROP CONSTRAINT memberships_consortium_id_code_key;
CREATE INDEX memberships_by_code ON memberships (consortium_id, code);
ALTER TABLE umbrella_mandates DROP CONSTRAINT umbrella_mandates_consortium_id_code_key;
CREATE INDEX umbrella_mandates_by_code ON umbrella_mandates (consortium_id, code);
ALTER TABLE working_groups DROP CONSTRAINT working_groups_consortium_id_code_key;
CREATE INDEX working_groups_by_code ON working_groups (consortium_id, code);
ALTER TABLE agreements DROP CONSTRAINT agreements_consortium_id_code_key;
CREATE INDEX agreements_by_code ON agreements (consortium_id, code);
ALTER TABLE consortia DROP CONSTRAINT consortia_code_key;

-- migrate:down
DROP INDEX programmes_by_code;
ALTER TABLE programmes ADD UNIQUE (consortium_id, code);
DROP INDEX organisations_by_code;
ALTER TABLE organisations ADD UNIQUE (consortium_id, code);
DROP INDEX persons_by_code;
ALTER TABLE persons ADD UNIQUE (consortium_id, code);
DROP INDEX memberships_by_code;
ALTER TABLE memberships ADD UNIQUE (consortium_id, code);
DROP INDEX umbrella_mandates_by_code;
ALTER TABLE umbrella_mandates ADD UNIQUE (consortium_id, code);
DROP INDEX working_groups_by_code;
ALTER TABLE working_groups ADD UNIQUE (consortium_id, code);
DROP INDEX agreements_by_code;
ALTER TABLE agreements ADD UNIQUE (consortium_id, code);
ALTER TABLE consortia ADD UNIQUE (code);

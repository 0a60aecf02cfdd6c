-- migrate:up
ALTER TABLE agreements ADD COLUMN told bigint;
UPDATE agreements SET told = version;
ALTER TABLE agreements ALTER COLUMN told SET NOT NULL;
COMMENT ON COLUMN agreements.told IS 'How many facts were told of it, which is the version of the last: a draft and what parties fill in change without any.';

-- migrate:down
ALTER TABLE agreements DROP COLUMN told;

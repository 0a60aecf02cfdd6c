-- migrate:up
ALTER TABLE dead_letters ADD COLUMN closed_by text;
COMMENT ON COLUMN dead_letters.closed_by IS 'Issuer and subject of the operator who replayed or discarded it.';

-- migrate:down
ALTER TABLE dead_letters DROP COLUMN closed_by;

-- migrate:up

ALTER TABLE exports
    ADD COLUMN format text NOT NULL DEFAULT '',
    ADD COLUMN checkpoint_count bigint CHECK (checkpoint_count >= 0),
    ADD COLUMN checkpoint_head text CHECK (checkpoint_head ~ '^[0-9a-f]{64}$'),
    ADD CHECK ((checkpoint_count IS NULL) = (checkpoint_head IS NULL));
COMMENT ON COLUMN exports.checkpoint_count IS 'Entries of the chain up to the seal that the file rests on; its hash is checkpoint_head.';
CREATE INDEX exports_by_hash ON exports (consortium_id, sha256) WHERE sha256 IS NOT NULL;

-- migrate:down

DROP INDEX exports_by_hash;
ALTER TABLE exports DROP COLUMN checkpoint_head, DROP COLUMN checkpoint_count, DROP COLUMN format;

-- migrate:up

ALTER TABLE allocations
    ADD COLUMN based_on uuid,
    ADD COLUMN moves jsonb NOT NULL DEFAULT '[]',
    ADD FOREIGN KEY (consortium_id, based_on) REFERENCES allocations (consortium_id, allocation_id),
    ADD CONSTRAINT allocations_moves_have_a_base CHECK ((based_on IS NULL) = (moves = '[]'));
COMMENT ON COLUMN allocations.moves IS 'Of a re-allocation: which cents go from which line to which, starting from based_on.';

-- migrate:down

ALTER TABLE allocations DROP COLUMN based_on, DROP COLUMN moves;

-- migrate:up
CREATE TABLE pebbles (
    consortium_id uuid NOT NULL,
    pebble_id     uuid NOT NULL,
    code          text NOT NULL,
    grams         bigint NOT NULL,
    version       bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (consortium_id, pebble_id)
);
COMMENT ON TABLE pebbles IS 'What the benchmarked command keeps.';

-- migrate:down
DROP TABLE pebbles;

-- migrate:up
CREATE TABLE pebbles (
    consortium_id uuid NOT NULL,
    code          text NOT NULL,
    grams         bigint NOT NULL,
    version       bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (consortium_id, code)
);
COMMENT ON TABLE pebbles IS 'What the smallest application keeps, in tests of the HTTP door.';

-- migrate:down
DROP TABLE pebbles;

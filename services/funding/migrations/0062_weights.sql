-- migrate:up

-- A location is a branch of a school, by its code in the register, or that of its organisation.
ALTER TABLE programme_lines ADD COLUMN branch_code text, ADD COLUMN organisation_id uuid;

CREATE TABLE weight_sets (
    consortium_id uuid NOT NULL,
    weight_set_id uuid NOT NULL,
    code text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    branches jsonb NOT NULL,
    counted jsonb NOT NULL,
    imported_by uuid NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, weight_set_id)
);
COMMENT ON TABLE weight_sets IS '[append-only] Weights counted out of a file: its hash, how it was read, and what every row counted for.';
CREATE INDEX weight_sets_by_code ON weight_sets (consortium_id, code);

-- migrate:down

DROP TABLE weight_sets;
ALTER TABLE programme_lines DROP COLUMN branch_code, DROP COLUMN organisation_id;

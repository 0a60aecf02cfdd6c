-- migrate:up

CREATE TABLE acceptance_batches (
    consortium_id            uuid NOT NULL,
    batch_id                 uuid NOT NULL,
    code                     text NOT NULL,
    up_to                    date NOT NULL,
    organisation_id          uuid,
    line                     text,
    seed                     text NOT NULL CHECK (seed ~ '^[0-9a-f]{32}$'),
    rule                     text NOT NULL,
    tolerable_basis_points   integer NOT NULL,
    confidence_basis_points  integer NOT NULL,
    most_failures            integer NOT NULL,
    contributions            integer NOT NULL CHECK (contributions > 0),
    items_sha256             text NOT NULL CHECK (items_sha256 ~ '^[0-9a-f]{64}$'),
    failures                 integer NOT NULL CHECK (failures >= 0),
    accepted                 integer NOT NULL CHECK (accepted BETWEEN 0 AND contributions),
    state                    text NOT NULL CHECK (state IN ('open', 'stopped', 'accepted')),
    proposed_by              uuid NOT NULL,
    proposed_at              timestamptz NOT NULL,
    version                  bigint NOT NULL,
    PRIMARY KEY (consortium_id, batch_id),
    UNIQUE (consortium_id, code),
    CONSTRAINT acceptance_batches_stop_at_too_many_failures CHECK (state = 'stopped' OR failures <= most_failures)
);
COMMENT ON TABLE acceptance_batches IS 'Contributions that are accepted together, the seed of their sample and the rule that it was drawn by.';
COMMENT ON COLUMN acceptance_batches.items_sha256 IS 'SHA-256 over the ids of the contributions in order, one a line: what the sample was drawn from.';

CREATE TABLE acceptance_items (
    consortium_id   uuid NOT NULL,
    batch_id        uuid NOT NULL,
    contribution_id uuid NOT NULL,
    position        integer NOT NULL CHECK (position > 0),
    open            boolean NOT NULL,
    outcome         text CHECK (outcome IN ('right', 'wrong')),
    judged_by       uuid,
    PRIMARY KEY (consortium_id, batch_id, contribution_id),
    UNIQUE (consortium_id, batch_id, position),
    FOREIGN KEY (consortium_id, batch_id) REFERENCES acceptance_batches,
    FOREIGN KEY (consortium_id, contribution_id) REFERENCES contributions,
    CHECK ((outcome IS NULL) = (judged_by IS NULL))
);
CREATE UNIQUE INDEX acceptance_items_in_one_batch ON acceptance_items (consortium_id, contribution_id) WHERE open;
COMMENT ON TABLE acceptance_items IS 'The contributions of a batch in the order in which its seed draws them, and what was found of those that were looked at.';
COMMENT ON COLUMN acceptance_items.open IS 'As long as the batch is open: a contribution waits in one batch at most.';

-- migrate:down

DROP TABLE acceptance_items, acceptance_batches;

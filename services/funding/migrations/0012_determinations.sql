-- migrate:up

CREATE TABLE determinations (
    consortium_id uuid NOT NULL,
    determination_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    grant_cents bigint NOT NULL,
    received_cents bigint NOT NULL,
    proved_cents bigint NOT NULL CHECK (proved_cents >= 0),
    counted_cents bigint NOT NULL,
    costs_cents bigint,
    base text NOT NULL,
    required_cents bigint NOT NULL,
    shortfall_cents bigint NOT NULL CHECK (shortfall_cents >= 0),
    unproved_cents bigint NOT NULL CHECK (unproved_cents >= 0),
    reduction_cents bigint NOT NULL CHECK (reduction_cents >= 0),
    determined_cents bigint NOT NULL,
    reclaimed_cents bigint NOT NULL CHECK (reclaimed_cents >= 0),
    payable_cents bigint NOT NULL CHECK (payable_cents >= 0),
    rules text[] NOT NULL,
    reason text NOT NULL,
    evidence text NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'determined')),
    proposed_by uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_by uuid,
    approved_at timestamptz,
    determined_on date,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, determination_id),
    UNIQUE (consortium_id, grant_id, number),
    FOREIGN KEY (consortium_id, grant_id) REFERENCES grants (consortium_id, grant_id),
    CHECK (approved_by <> proposed_by),
    CHECK (determined_cents BETWEEN 0 AND grant_cents),
    CHECK (determined_cents + unproved_cents + reduction_cents = grant_cents),
    CHECK (received_cents - reclaimed_cents + payable_cents = determined_cents),
    CHECK ((state = 'determined') = (approved_by IS NOT NULL AND approved_at IS NOT NULL AND determined_on IS NOT NULL))
);
COMMENT ON TABLE determinations IS 'What of a grant is determined and what is reclaimed: proposed by one person, approved by another.';
CREATE UNIQUE INDEX determinations_one_each ON determinations (consortium_id, grant_id) WHERE state = 'determined';

-- migrate:down

DROP TABLE determinations;

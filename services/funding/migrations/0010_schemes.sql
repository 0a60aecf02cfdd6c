-- migrate:up

-- What was on record when: a report made then can be made again with the rules of then.
ALTER TABLE scheme_rules ADD COLUMN replaces text;
ALTER TABLE scheme_rules ADD COLUMN recorded_version bigint NOT NULL DEFAULT 0;

CREATE TABLE base_decisions (
    consortium_id uuid NOT NULL,
    decision_id uuid NOT NULL,
    scheme_id uuid NOT NULL,
    base text NOT NULL,
    valid_from date NOT NULL,
    reason text NOT NULL,
    source text NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'decided')),
    proposed_by uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    rule text,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, decision_id),
    FOREIGN KEY (consortium_id, scheme_id) REFERENCES schemes (consortium_id, scheme_id),
    CHECK (decided_by <> proposed_by),
    CHECK ((state = 'decided') = (decided_by IS NOT NULL AND decided_at IS NOT NULL AND rule IS NOT NULL))
);
COMMENT ON TABLE base_decisions IS 'Who proposed and who decided which reading of a disputed co-financing base holds.';
CREATE INDEX base_decisions_scheme ON base_decisions (consortium_id, scheme_id, proposed_at);

-- migrate:down

DROP TABLE base_decisions;
ALTER TABLE scheme_rules DROP COLUMN recorded_version;
ALTER TABLE scheme_rules DROP COLUMN replaces;

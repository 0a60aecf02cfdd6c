-- migrate:up

CREATE TABLE applications (
    consortium_id uuid NOT NULL,
    application_id uuid NOT NULL,
    code text NOT NULL,
    scheme text NOT NULL,
    title text NOT NULL,
    from_day date NOT NULL,
    until_day date NOT NULL CHECK (until_day >= from_day),
    items jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'awarded', 'rejected', 'withdrawn')),
    drafted_by uuid NOT NULL,
    submitted_by uuid,
    submitted_on date,
    decided_on date,
    grant_code text,
    reason text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, application_id),
    UNIQUE (consortium_id, code),
    CHECK (submitted_by <> drafted_by),
    CHECK ((submitted_by IS NULL) = (submitted_on IS NULL)),
    CHECK (state NOT IN ('submitted', 'awarded', 'rejected') OR submitted_by IS NOT NULL),
    CHECK ((state IN ('draft', 'submitted')) = (decided_on IS NULL)),
    CHECK ((state = 'awarded') = (grant_code IS NOT NULL)),
    FOREIGN KEY (consortium_id, grant_code) REFERENCES grants (consortium_id, code)
);
COMMENT ON TABLE applications IS 'Applications for a subsidy with their items, and what became of them.';

CREATE TABLE grant_instalments (
    consortium_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    instalment_id uuid NOT NULL,
    code text NOT NULL,
    cents bigint NOT NULL CHECK (cents > 0),
    received_on date NOT NULL,
    reference text NOT NULL,
    recorded_by uuid NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, grant_id, instalment_id),
    UNIQUE (consortium_id, grant_id, code),
    FOREIGN KEY (consortium_id, grant_id) REFERENCES grants (consortium_id, grant_id)
);
COMMENT ON TABLE grant_instalments IS '[append-only] What the provider paid on a grant.';

CREATE TABLE instalment_reversals (
    consortium_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    instalment_id uuid NOT NULL,
    reversed_by uuid NOT NULL,
    reversed_at timestamptz NOT NULL,
    reason text NOT NULL,
    PRIMARY KEY (consortium_id, grant_id, instalment_id),
    FOREIGN KEY (consortium_id, grant_id, instalment_id)
        REFERENCES grant_instalments (consortium_id, grant_id, instalment_id)
);
COMMENT ON TABLE instalment_reversals IS '[append-only] Instalments that were recorded by mistake, taken back by a second person.';

CREATE TABLE deliverables (
    consortium_id uuid NOT NULL,
    deliverable_id uuid NOT NULL,
    code text NOT NULL,
    line text NOT NULL,
    title text NOT NULL,
    unit text NOT NULL,
    planned bigint NOT NULL CHECK (planned >= 0),
    due date NOT NULL,
    grant_code text,
    done bigint NOT NULL CHECK (done >= 0),
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, deliverable_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, grant_code) REFERENCES grants (consortium_id, code)
);
COMMENT ON TABLE deliverables IS 'What lines promise to deliver and what of it is done now.';
CREATE INDEX deliverables_line ON deliverables (consortium_id, line, due);

CREATE TABLE deliverable_changes (
    consortium_id uuid NOT NULL,
    deliverable_id uuid NOT NULL,
    version bigint NOT NULL,
    line text NOT NULL,
    title text NOT NULL,
    unit text NOT NULL,
    planned bigint NOT NULL,
    due date NOT NULL,
    grant_code text,
    done bigint NOT NULL,
    number bigint NOT NULL,
    on_day date,
    evidence text NOT NULL,
    changed_by uuid NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, deliverable_id, version),
    FOREIGN KEY (consortium_id, deliverable_id) REFERENCES deliverables (consortium_id, deliverable_id)
);
COMMENT ON TABLE deliverable_changes IS '[append-only] A deliverable after each change, with what was achieved and its evidence: how a report looks back.';

-- migrate:down

DROP TABLE deliverable_changes, deliverables, instalment_reversals, grant_instalments, applications;

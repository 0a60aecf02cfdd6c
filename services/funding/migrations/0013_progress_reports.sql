-- migrate:up

CREATE TABLE progress_reports (
    consortium_id uuid NOT NULL,
    report_id uuid NOT NULL,
    code text NOT NULL,
    grant_id uuid NOT NULL,
    from_day date NOT NULL,
    until_day date NOT NULL CHECK (until_day >= from_day),
    known_on date NOT NULL,
    seal_batch bigint NOT NULL,
    scheme_version bigint NOT NULL,
    content text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    made_by uuid NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, report_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, grant_id) REFERENCES grants (consortium_id, grant_id),
    FOREIGN KEY (consortium_id, seal_batch) REFERENCES ledger_seals (consortium_id, batch)
);
COMMENT ON TABLE progress_reports IS '[append-only] Progress reports as they were made: the text, its hash, and the seal of the books it was made from.';
CREATE INDEX progress_reports_grant ON progress_reports (consortium_id, grant_id, until_day);

-- migrate:down

DROP TABLE progress_reports;

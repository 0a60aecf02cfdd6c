-- migrate:up

CREATE TABLE progress_report_sign_offs (
    consortium_id uuid NOT NULL,
    report_id uuid NOT NULL,
    position smallint NOT NULL CHECK (position > 0),
    role text NOT NULL CHECK (role <> ''),
    signed_by uuid NOT NULL,
    signed_at timestamptz NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    note text NOT NULL,
    PRIMARY KEY (consortium_id, report_id, position),
    UNIQUE (consortium_id, report_id, signed_by),
    FOREIGN KEY (consortium_id, report_id) REFERENCES progress_reports (consortium_id, report_id)
);
COMMENT ON TABLE progress_report_sign_offs IS '[append-only] Who, in which role, signed a progress report off, and the hash that they signed.';

-- migrate:down

DROP TABLE progress_report_sign_offs;

-- migrate:up

CREATE TABLE exports (
    consortium_id uuid NOT NULL,
    export_id uuid NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    rows_total bigint NOT NULL CHECK (rows_total >= 0),
    rows_done bigint NOT NULL DEFAULT 0,
    bytes_sent bigint NOT NULL DEFAULT 0,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    asked_by text NOT NULL,
    started_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, export_id)
);
COMMENT ON TABLE exports IS 'How far an export is; with a hash it is complete, and the hash is of all that was sent.';
CREATE INDEX exports_latest ON exports (consortium_id, started_at DESC);

-- migrate:down

DROP TABLE exports;

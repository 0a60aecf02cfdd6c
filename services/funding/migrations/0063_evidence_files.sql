-- migrate:up

CREATE TABLE evidence_files (
    consortium_id uuid NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    content bytea,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, sha256),
    CHECK (content IS NULL OR (octet_length(content) = size_bytes AND encode(sha256(content), 'hex') = sha256))
);
COMMENT ON TABLE evidence_files IS '[append-only] Documents that prove claims, once per hash; without content they are in the folder for evidence.';

CREATE TABLE evidence_uploads (
    consortium_id uuid NOT NULL,
    sha256 text NOT NULL,
    uploaded_by uuid NOT NULL,
    organisations uuid[] NOT NULL,
    uploaded_at timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, sha256, uploaded_by),
    FOREIGN KEY (consortium_id, sha256) REFERENCES evidence_files (consortium_id, sha256)
);
COMMENT ON TABLE evidence_uploads IS '[append-only] Who had a document to store it, for which organisations: who may claim with it.';
CREATE INDEX evidence_uploads_person ON evidence_uploads (consortium_id, uploaded_by);

ALTER TABLE claim_evidence
    ADD COLUMN stored_sha256 text CHECK (stored_sha256 = sha256),
    ADD FOREIGN KEY (consortium_id, stored_sha256) REFERENCES evidence_files (consortium_id, sha256);
CREATE INDEX claim_evidence_stored ON claim_evidence (consortium_id, stored_sha256) WHERE stored_sha256 IS NOT NULL;

-- migrate:down

ALTER TABLE claim_evidence DROP COLUMN stored_sha256;
DROP TABLE evidence_uploads, evidence_files;

-- migrate:up

CREATE TABLE contribution_drafts (
    consortium_id    uuid NOT NULL,
    draft_id         uuid NOT NULL,
    organisation_id  uuid NOT NULL,
    content          jsonb NOT NULL CHECK (jsonb_typeof(content) = 'object' AND octet_length(content::text) <= 65536),
    saved_by         uuid NOT NULL,
    saved_at         timestamptz NOT NULL,
    kept             boolean NOT NULL,
    declared_version bigint,
    intake_id        uuid,
    record_id        text,
    outcome          text CHECK (outcome IN ('booked', 'held', 'refused')),
    declared_by      uuid,
    declared_at      timestamptz,
    version          bigint NOT NULL CHECK (version > 0),
    PRIMARY KEY (consortium_id, draft_id),
    UNIQUE (consortium_id, intake_id),
    FOREIGN KEY (consortium_id, intake_id) REFERENCES intake_records (consortium_id, intake_id),
    CONSTRAINT contribution_drafts_declared_as_a_whole
        CHECK (num_nulls(declared_version, intake_id, record_id, outcome, declared_by, declared_at) IN (0, 6)),
    CONSTRAINT contribution_drafts_of_a_version_that_was CHECK (declared_version <= version),
    CONSTRAINT contribution_drafts_booked_once CHECK (outcome <> 'booked' OR declared_version = version),
    CONSTRAINT contribution_drafts_kept_when_it_counts CHECK (kept OR outcome IS NULL OR outcome = 'refused')
);
CREATE INDEX contribution_drafts_of_organisation ON contribution_drafts (consortium_id, organisation_id, draft_id);
COMMENT ON TABLE contribution_drafts IS 'What people of an organisation are writing down: in no book, for that organisation alone, until it is declared.';
COMMENT ON COLUMN contribution_drafts.content IS 'As given, complete or not: opaque references and days, no names.';
COMMENT ON COLUMN contribution_drafts.intake_id IS 'The record that it became when it was declared last.';
COMMENT ON COLUMN contribution_drafts.kept IS 'A record of it was booked or waited for a person, so it is not deleted.';

-- migrate:down

DROP TABLE contribution_drafts;

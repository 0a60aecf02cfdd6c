-- migrate:up
CREATE TABLE senders (
    code  text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,59}$'),
    title text NOT NULL
);
COMMENT ON TABLE senders IS '[installation] Systems of companies, and payroll providers for many companies, that declare what was brought in.';

CREATE TABLE mandates (
    consortium_id   uuid NOT NULL,
    sender          text NOT NULL REFERENCES senders,
    organisation_id uuid NOT NULL,
    from_day        date NOT NULL,
    until_day       date CHECK (until_day >= from_day),
    PRIMARY KEY (consortium_id, sender, organisation_id)
);
CREATE INDEX mandates_by_sender ON mandates (sender);
COMMENT ON TABLE mandates IS '[installation] For which organisations in which regions a sender may declare, for work on which days.';

CREATE TABLE period_closings (
    consortium_id uuid NOT NULL,
    until_day     date NOT NULL,
    closed_by     uuid NOT NULL,
    closed_at     timestamptz NOT NULL,
    version       bigint NOT NULL,
    PRIMARY KEY (consortium_id, until_day)
);
COMMENT ON TABLE period_closings IS '[append-only] Up to and including which day a region books nothing more; the latest day holds.';

ALTER TABLE contributions
    DROP CONSTRAINT contributions_state_check,
    DROP CONSTRAINT contributions_check,
    ADD CONSTRAINT contributions_states
        CHECK (state IN ('declared', 'verified', 'accepted', 'held', 'reversed', 'rejected')),
    ADD CONSTRAINT contributions_accepted_by_somebody CHECK (state <> 'accepted' OR accepted_by IS NOT NULL),
    ADD COLUMN sender text,
    ADD COLUMN record_id text,
    ADD COLUMN worker_ref text,
    ADD COLUMN declared_by uuid,
    ADD COLUMN verified_by uuid,
    ADD COLUMN held_from text CHECK (held_from IN ('declared', 'verified', 'accepted')),
    ADD CONSTRAINT contributions_held_from_a_state CHECK (state <> 'held' OR held_from IS NOT NULL),
    ADD CONSTRAINT contributions_accepted_by_another CHECK (accepted_by <> declared_by AND accepted_by <> verified_by),
    ADD CONSTRAINT contributions_one_per_record UNIQUE (consortium_id, sender, record_id);
CREATE INDEX contributions_of_worker ON contributions (consortium_id, organisation_id, day, sender, worker_ref);
CREATE INDEX contributions_of_activity ON contributions (consortium_id, activity_ref) WHERE activity_ref IS NOT NULL;

CREATE TABLE lessons (
    consortium_id   uuid NOT NULL,
    activity_id     uuid NOT NULL,
    activity_ref    text NOT NULL,
    organisation_id uuid NOT NULL,
    line            text NOT NULL,
    day             date NOT NULL,
    minutes         bigint NOT NULL,
    PRIMARY KEY (consortium_id, activity_id)
);
CREATE INDEX lessons_by_reference ON lessons (consortium_id, activity_ref);
CREATE INDEX lessons_by_day ON lessons (consortium_id, organisation_id, day, line);
COMMENT ON TABLE lessons IS '[append-only] Activities that a school confirmed: their hours are in the books, by themselves or as the company had declared them.';
ALTER TABLE contributions NO FORCE ROW LEVEL SECURITY;
INSERT INTO lessons
SELECT consortium_id, activity_id, activity_ref, organisation_id, line, day, minutes
FROM contributions WHERE origin = 'lesson';

CREATE TABLE intake_records (
    consortium_id   uuid NOT NULL,
    intake_id       uuid NOT NULL,
    sender          text NOT NULL,
    record_id       text NOT NULL,
    record          text NOT NULL,
    origin          text NOT NULL CHECK (origin IN ('intake', 'rest')),
    received_at     timestamptz NOT NULL,
    state           text NOT NULL CHECK (state IN ('booked', 'held', 'refused', 'replaced', 'withdrawn')),
    outcome         text NOT NULL CHECK (outcome IN ('booked', 'held', 'refused')),
    reasons         jsonb NOT NULL,
    content         jsonb,
    replaces        text,
    settled_by      text,
    organisation_id uuid,
    contribution_id uuid,
    version         bigint NOT NULL,
    PRIMARY KEY (consortium_id, sender, record_id),
    UNIQUE (consortium_id, intake_id),
    FOREIGN KEY (consortium_id, contribution_id) REFERENCES contributions
);
CREATE INDEX intake_records_held ON intake_records (consortium_id, received_at, intake_id) WHERE state = 'held';
CREATE INDEX intake_records_of_contribution ON intake_records (consortium_id, contribution_id);
COMMENT ON TABLE intake_records IS 'Every record that a sender sent, once: what became of it first (outcome) and since (state).';
COMMENT ON COLUMN intake_records.consortium_id IS 'All zeroes when the record names no region that exists here.';
COMMENT ON COLUMN intake_records.record_id IS 'The sender''s own id; the name of the delivery when it gave none.';
COMMENT ON COLUMN intake_records.content IS 'As sent, when it could be read: opaque references and days, no names.';
COMMENT ON COLUMN intake_records.settled_by IS 'The id of the sender''s record that replaced it or took it back.';

CREATE TABLE receipts (
    consortium_id uuid NOT NULL,
    receipt_id    uuid NOT NULL,
    sender        text NOT NULL,
    record_id     text NOT NULL,
    at            timestamptz NOT NULL,
    body          jsonb NOT NULL,
    written_in    bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    receipt_no    bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (consortium_id, receipt_id)
);
CREATE INDEX receipts_in_order ON receipts (consortium_id, written_in, receipt_no);
CREATE INDEX receipts_of_sender ON receipts (sender, written_in, receipt_no);
COMMENT ON TABLE receipts IS '[append-only] What senders were told of their records, as published.';
COMMENT ON COLUMN receipts.written_in IS 'The transaction that wrote it: a page shows only what no running transaction can still come before.';

CREATE TABLE evidence_claims (
    fingerprint     bytea NOT NULL,
    contribution_id uuid NOT NULL,
    place           bytea NOT NULL,
    PRIMARY KEY (fingerprint, contribution_id)
);
CREATE INDEX evidence_claims_of_contribution ON evidence_claims (contribution_id);
COMMENT ON TABLE evidence_claims IS '[installation] Which evidence was claimed, across regions, as keyed hashes of evidence and of place: it tells only that something was claimed elsewhere.';

-- migrate:down
DROP TABLE evidence_claims, receipts, intake_records, lessons, period_closings, mandates, senders;
ALTER TABLE contributions
    DROP CONSTRAINT contributions_states, DROP CONSTRAINT contributions_accepted_by_somebody,
    DROP CONSTRAINT contributions_accepted_by_another, DROP CONSTRAINT contributions_held_from_a_state,
    DROP CONSTRAINT contributions_one_per_record,
    DROP COLUMN sender, DROP COLUMN record_id, DROP COLUMN worker_ref, DROP COLUMN declared_by, DROP COLUMN verified_by,
    DROP COLUMN held_from,
    ADD CONSTRAINT contributions_state_check CHECK (state IN ('verified', 'accepted')),
    ADD CONSTRAINT contributions_check CHECK ((state = 'accepted') = (accepted_by IS NOT NULL));

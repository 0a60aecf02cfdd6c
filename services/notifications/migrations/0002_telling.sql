-- migrate:up
CREATE TABLE subjects (
    consortium_id   uuid NOT NULL,
    subject_id      uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('agreement', 'statement', 'activity')),
    state           text NOT NULL CHECK (state IN ('open', 'settled', 'cancelled')),
    title           text,
    organisation_id uuid,
    deadline        date,
    ends_at         timestamptz,
    sequence        bigint NOT NULL,
    PRIMARY KEY (consortium_id, subject_id)
);
COMMENT ON TABLE subjects IS 'What other services own and people were told about, as of the event with this sequence: so that nobody is told what no longer holds.';

CREATE TABLE tellings (
    consortium_id uuid NOT NULL,
    telling_id    uuid NOT NULL,
    occasion_id   uuid NOT NULL,
    audience      text NOT NULL,
    template      text NOT NULL,
    about         text NOT NULL CHECK (about IN ('milestone', 'agreement', 'statement', 'activity', 'records')),
    about_id      uuid NOT NULL,
    about_version bigint NOT NULL,
    details       jsonb NOT NULL,
    announced     boolean NOT NULL,
    asked         integer NOT NULL CHECK (asked > 0),
    state         text NOT NULL CHECK (state IN ('open', 'told', 'given-up')),
    due_at        timestamptz NOT NULL,
    added_at      timestamptz NOT NULL,
    attempts      integer NOT NULL CHECK (attempts >= 0),
    cause         text,
    recipients    integer CHECK (recipients >= 0),
    correlation_id uuid,
    PRIMARY KEY (consortium_id, telling_id),
    UNIQUE (consortium_id, occasion_id, audience)
);
CREATE INDEX tellings_due ON tellings (consortium_id, due_at) WHERE state = 'open';
COMMENT ON TABLE tellings IS 'What is to be told to whom: an occasion, an audience and a template. Who that is, is asked when it is told.';
COMMENT ON COLUMN tellings.occasion_id IS 'The event that it is about, or what stands for a reminder or a digest.';
COMMENT ON COLUMN tellings.asked IS 'How often it was asked to tell this; who was told before is not told again.';

CREATE TABLE reminders (
    consortium_id uuid NOT NULL,
    about_id      uuid NOT NULL,
    days_before   integer NOT NULL CHECK (days_before >= 0),
    about         text NOT NULL CHECK (about IN ('milestone', 'statement')),
    due_at        timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, about_id, days_before)
);
CREATE INDEX reminders_due ON reminders (consortium_id, due_at);
COMMENT ON TABLE reminders IS 'Reminders that are still to come; each becomes a telling when it is due.';

CREATE TABLE notices (
    consortium_id uuid NOT NULL,
    notice_id     uuid NOT NULL,
    occasion_id   uuid NOT NULL,
    person_id     uuid NOT NULL,
    channel       text NOT NULL CHECK (channel IN ('mail')),
    telling_id    uuid NOT NULL,
    asked         integer NOT NULL,
    template      text NOT NULL,
    language      text NOT NULL CHECK (language IN ('nl', 'sv', 'en')),
    milestone_id  uuid,
    state         text NOT NULL CHECK (state IN ('claimed', 'sent', 'failed', 'unknown', 'suppressed')),
    code          text CHECK ((state IN ('failed', 'suppressed')) <= (code IS NOT NULL)),
    claimed_at    timestamptz NOT NULL,
    decided_at    timestamptz CHECK ((state = 'claimed') = (decided_at IS NULL)),
    version       bigint NOT NULL,
    PRIMARY KEY (consortium_id, notice_id),
    CONSTRAINT notices_once UNIQUE (consortium_id, occasion_id, person_id, channel),
    FOREIGN KEY (consortium_id, telling_id) REFERENCES tellings
);
CREATE INDEX notices_claimed ON notices (consortium_id, claimed_at) WHERE state = 'claimed';
CREATE INDEX notices_by_person ON notices (consortium_id, person_id);
COMMENT ON TABLE notices IS 'Who was told what, and how that ended. Claimed before anything is sent, so that nobody is told twice; never an address or a name.';

CREATE TABLE notice_duplicates (
    consortium_id uuid NOT NULL,
    notice_id     uuid NOT NULL,
    telling_id    uuid NOT NULL,
    asked         integer NOT NULL,
    at            timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, notice_id, telling_id, asked),
    FOREIGN KEY (consortium_id, notice_id) REFERENCES notices,
    FOREIGN KEY (consortium_id, telling_id) REFERENCES tellings
);
COMMENT ON TABLE notice_duplicates IS 'Each time somebody was about to be told what they were told before, and was not.';

-- migrate:down
DROP TABLE notice_duplicates, notices, reminders, tellings, subjects;

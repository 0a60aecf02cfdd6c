-- migrate:up
CREATE TABLE generation (
    generation text PRIMARY KEY DEFAULT replace(gen_random_uuid()::text, '-', ''),
    made_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX generation_is_one ON generation ((true));
INSERT INTO generation DEFAULT VALUES;
COMMENT ON TABLE generation IS '[installation] [read-only] Names the consumer group of this read model: a new database reads the topics from their beginning.';

CREATE TABLE regions (
    consortium_id uuid PRIMARY KEY,
    code          text NOT NULL,
    name          text NOT NULL,
    zone          text NOT NULL,
    currency      text NOT NULL,
    language      text NOT NULL,
    seq           bigint NOT NULL
);
COMMENT ON TABLE regions IS '[installation] The regions of this installation.';

CREATE TABLE heard (
    consortium_id  uuid NOT NULL,
    event_id       text NOT NULL,
    type           text NOT NULL,
    source         text NOT NULL,
    subject        text NOT NULL,
    correlation_id uuid,
    trace_id       text,
    occurred_at    timestamptz NOT NULL,
    heard_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consortium_id, event_id)
);
CREATE INDEX heard_by_subject ON heard (consortium_id, split_part(subject, '/', 2), occurred_at);
CREATE INDEX heard_by_correlation ON heard (consortium_id, correlation_id, occurred_at);
CREATE INDEX heard_lately ON heard (consortium_id, occurred_at);
COMMENT ON TABLE heard IS 'Every event by what it was about: how one thing is followed through the services.';

CREATE TABLE pulses (
    consortium_id uuid PRIMARY KEY,
    beat          bigint NOT NULL,
    at            timestamptz NOT NULL
);
COMMENT ON TABLE pulses IS 'Goes up whenever something of a region was heard: what an open page waits for.';

CREATE TABLE programmes (
    consortium_id uuid NOT NULL,
    programme_id  uuid NOT NULL,
    code          text NOT NULL,
    title         text NOT NULL,
    first_day     date NOT NULL,
    last_day      date NOT NULL,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, programme_id)
);
COMMENT ON TABLE programmes IS 'What a region does in a period.';

CREATE TABLE lines (
    consortium_id uuid NOT NULL,
    code          text NOT NULL,
    title         text NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('spearhead', 'location')),
    place         integer NOT NULL,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, code)
);
COMMENT ON TABLE lines IS 'The spearheads and locations of a region, in the order of its plan.';

CREATE TABLE organisations (
    consortium_id   uuid NOT NULL,
    organisation_id uuid NOT NULL,
    code            text NOT NULL,
    name            text NOT NULL,
    kind            text NOT NULL,
    seq             bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id)
);
COMMENT ON TABLE organisations IS 'Who takes part.';

CREATE TABLE agreements (
    consortium_id uuid NOT NULL,
    agreement_id  uuid NOT NULL,
    code          text NOT NULL,
    title         text NOT NULL,
    sign_until    date,
    since         date,
    first_day     date,
    last_day      date,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, agreement_id)
);
COMMENT ON TABLE agreements IS 'Agreements that were circulated; since: in force.';

CREATE TABLE parties (
    consortium_id   uuid NOT NULL,
    agreement_id    uuid NOT NULL,
    organisation_id uuid NOT NULL,
    signed_on       date,
    PRIMARY KEY (consortium_id, agreement_id, organisation_id)
);
COMMENT ON TABLE parties IS 'Who is to sign, and who did.';

CREATE TABLE grants (
    consortium_id uuid NOT NULL,
    grant_id      uuid NOT NULL,
    code          text NOT NULL,
    scheme        text NOT NULL,
    cents         bigint NOT NULL,
    first_day     date,
    last_day      date,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, grant_id)
);
COMMENT ON TABLE grants IS 'Grants with their supplements.';

CREATE TABLE allocations (
    consortium_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    grant_id      uuid NOT NULL,
    code          text NOT NULL,
    number        integer NOT NULL,
    lines         jsonb NOT NULL,
    effective_on  date NOT NULL,
    approved      boolean NOT NULL,
    proposed_at   timestamptz NOT NULL,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, allocation_id)
);
CREATE INDEX allocations_by_grant ON allocations (consortium_id, grant_id, number);
COMMENT ON TABLE allocations IS 'Divisions of a grant over the lines, proposed and approved.';

CREATE TABLE commitments (
    consortium_id  uuid NOT NULL,
    reservation_id uuid NOT NULL,
    line           text NOT NULL,
    cents          bigint NOT NULL,
    seq            bigint NOT NULL,
    PRIMARY KEY (consortium_id, reservation_id)
);
CREATE INDEX commitments_by_line ON commitments (consortium_id, line);
COMMENT ON TABLE commitments IS 'Money of a line that was committed, less what went back.';

CREATE TABLE claims (
    consortium_id   uuid NOT NULL,
    claim_id        uuid NOT NULL,
    reservation_id  uuid NOT NULL,
    line            text NOT NULL,
    organisation_id uuid,
    cents           bigint NOT NULL,
    state           text NOT NULL,
    at              timestamptz NOT NULL,
    seq             bigint NOT NULL,
    PRIMARY KEY (consortium_id, claim_id)
);
CREATE INDEX claims_by_state ON claims (consortium_id, state, line);
COMMENT ON TABLE claims IS 'Parts of commitments that were claimed, with what became of them.';

CREATE TABLE statements (
    consortium_id   uuid NOT NULL,
    statement_id    uuid NOT NULL,
    organisation_id uuid NOT NULL,
    deadline        date NOT NULL,
    title           text,
    seq             bigint NOT NULL,
    PRIMARY KEY (consortium_id, statement_id)
);
COMMENT ON TABLE statements IS 'Who was asked what it will contribute.';

CREATE TABLE pledges (
    consortium_id   uuid NOT NULL,
    pledge_id       uuid NOT NULL,
    organisation_id uuid NOT NULL,
    minutes         bigint NOT NULL,
    cents           bigint NOT NULL,
    signed_on       date NOT NULL,
    first_day       date NOT NULL,
    last_day        date NOT NULL,
    lines           jsonb NOT NULL,
    seq             bigint NOT NULL,
    PRIMARY KEY (consortium_id, pledge_id)
);
CREATE INDEX pledges_by_organisation ON pledges (consortium_id, organisation_id);
COMMENT ON TABLE pledges IS 'What organisations promised.';

CREATE TABLE contributions (
    consortium_id   uuid NOT NULL,
    contribution_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    line            text NOT NULL,
    day             date NOT NULL,
    kind            text NOT NULL,
    minutes         bigint NOT NULL,
    cents           bigint NOT NULL,
    origin          text NOT NULL,
    state           text NOT NULL CHECK (state IN ('declared', 'verified', 'accepted', 'reversed')),
    declared_at     timestamptz NOT NULL,
    seq             bigint NOT NULL,
    PRIMARY KEY (consortium_id, contribution_id)
);
CREATE INDEX contributions_by_organisation ON contributions (consortium_id, organisation_id) INCLUDE (state, cents, minutes);
COMMENT ON TABLE contributions IS 'What was brought in, with where it stands.';

CREATE TABLE records (
    consortium_id   uuid NOT NULL,
    sender          text NOT NULL,
    record_id       text NOT NULL,
    outcome         text NOT NULL CHECK (outcome IN ('held', 'refused', 'booked')),
    codes           text[] NOT NULL,
    organisation_id uuid,
    line            text,
    day             date,
    at              timestamptz NOT NULL,
    rank            integer NOT NULL GENERATED ALWAYS AS (CASE outcome WHEN 'held' THEN 1 WHEN 'refused' THEN 2 ELSE 3 END) STORED,
    PRIMARY KEY (consortium_id, sender, record_id)
);
CREATE INDEX records_by_outcome ON records (consortium_id, outcome, at) WHERE outcome <> 'booked';
COMMENT ON TABLE records IS 'Records of senders with the last that is known of each, whichever order it was heard in; rank decides within one moment.';

CREATE TABLE positions (
    consortium_id    uuid NOT NULL,
    day              date NOT NULL,
    realised_cents   bigint NOT NULL,
    realised_minutes bigint NOT NULL,
    declared_cents   bigint NOT NULL,
    declared_minutes bigint NOT NULL,
    promised_cents   bigint NOT NULL,
    promised_minutes bigint NOT NULL,
    forecast_cents   bigint NOT NULL,
    as_of            date,
    readings         jsonb NOT NULL,
    at               timestamptz NOT NULL,
    seq              bigint NOT NULL,
    PRIMARY KEY (consortium_id, day)
);
COMMENT ON TABLE positions IS 'Where the co-financing stood at the end of each day on which it was told.';

CREATE TABLE closed_periods (
    consortium_id uuid PRIMARY KEY,
    until         date NOT NULL,
    at            timestamptz NOT NULL
);
COMMENT ON TABLE closed_periods IS 'Up to which day the books of a region are closed.';

CREATE TABLE seals (
    consortium_id uuid PRIMARY KEY,
    batch         bigint NOT NULL,
    count         bigint NOT NULL,
    head          text NOT NULL,
    previous      text NOT NULL,
    sealed_at     timestamptz NOT NULL,
    broken_at     bigint
);
COMMENT ON TABLE seals IS 'The last seal of each region''s books; broken_at: the first batch that does not follow from the one before it.';

CREATE TABLE offers (
    consortium_id uuid NOT NULL,
    offer_id      uuid NOT NULL,
    company_id    uuid NOT NULL,
    title         text NOT NULL,
    line          text NOT NULL,
    available     boolean NOT NULL,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, offer_id)
);
COMMENT ON TABLE offers IS 'What companies offer to schools.';

CREATE TABLE requests (
    consortium_id uuid NOT NULL,
    request_id    uuid NOT NULL,
    code          text NOT NULL,
    school_id     uuid NOT NULL,
    line          text NOT NULL,
    subject       text NOT NULL,
    group_size    integer NOT NULL,
    from_day      date NOT NULL,
    until_day     date NOT NULL,
    state         text NOT NULL,
    candidates    integer,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, request_id)
);
COMMENT ON TABLE requests IS 'What schools ask for.';

CREATE TABLE activities (
    consortium_id uuid NOT NULL,
    activity_id   uuid NOT NULL,
    code          text NOT NULL,
    kind          text,
    title         text,
    line          text,
    school_id     uuid,
    company_id    uuid,
    starts_at     timestamptz,
    ends_at       timestamptz,
    day           date,
    seats         integer,
    pupils        integer,
    minutes       bigint,
    state         text NOT NULL,
    reason        text,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, activity_id)
);
CREATE INDEX activities_by_start ON activities (consortium_id, starts_at);
COMMENT ON TABLE activities IS 'Guest lessons and visits: held, booked, cancelled, completed, confirmed.';

CREATE TABLE milestones (
    consortium_id uuid NOT NULL,
    milestone_id  uuid NOT NULL,
    code          text NOT NULL,
    title         text NOT NULL,
    kind          text NOT NULL,
    day           date NOT NULL,
    from_day      date,
    starts_at     time,
    ends_at       time,
    state         text NOT NULL CHECK (state IN ('planned', 'moved', 'cancelled')),
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, milestone_id)
);
COMMENT ON TABLE milestones IS 'The planning of a region.';

CREATE TABLE notices (
    consortium_id uuid NOT NULL,
    notice_id     uuid NOT NULL,
    milestone_id  uuid,
    state         text NOT NULL CHECK (state IN ('sent', 'failed', 'suppressed')),
    at            timestamptz NOT NULL,
    seq           bigint NOT NULL,
    PRIMARY KEY (consortium_id, notice_id)
);
CREATE INDEX notices_by_milestone ON notices (consortium_id, milestone_id);
COMMENT ON TABLE notices IS 'Who was told, without saying who.';

CREATE TABLE sessions (
    session_hash  text PRIMARY KEY,
    access_token  text NOT NULL,
    refresh_token text,
    token_until   timestamptz NOT NULL,
    until         timestamptz NOT NULL,
    csrf          text NOT NULL
);
CREATE INDEX sessions_by_until ON sessions (until);
COMMENT ON TABLE sessions IS '[installation] Who is signed in at a browser: the cookie is known here by its hash only.';

CREATE TABLE doings (
    doing_id    uuid PRIMARY KEY,
    at          timestamptz NOT NULL DEFAULT now(),
    actor       text NOT NULL,
    service     text NOT NULL,
    what        text NOT NULL CHECK (what IN ('replay', 'discard')),
    dead_letter uuid NOT NULL,
    reason      text,
    outcome     text NOT NULL
);
COMMENT ON TABLE doings IS '[installation] What operators did to dead letters, and who did it (issuer and subject).';

-- migrate:down
DROP TABLE doings, sessions, notices, milestones, activities, requests, offers, seals, closed_periods, positions, records,
    contributions, pledges, statements, claims, commitments, allocations, grants, parties, agreements,
    organisations, lines, programmes, pulses, heard, regions, generation;

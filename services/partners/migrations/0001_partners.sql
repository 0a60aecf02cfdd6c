-- migrate:up
CREATE TABLE consortia (
    consortium_id   uuid PRIMARY KEY,
    code            text NOT NULL UNIQUE,
    name            text NOT NULL,
    zone            text NOT NULL,
    currency        text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    language        text NOT NULL CHECK (language IN ('nl', 'sv', 'en')),
    standing_policy text[] NOT NULL,
    version         bigint NOT NULL
);
COMMENT ON TABLE consortia IS '[installation] The regions of this installation.';

CREATE TABLE programmes (
    consortium_id uuid NOT NULL,
    programme_id  uuid NOT NULL,
    code          text NOT NULL,
    title         text NOT NULL,
    first_day     date NOT NULL,
    last_day      date NOT NULL,
    lines         jsonb NOT NULL,
    version       bigint NOT NULL,
    PRIMARY KEY (consortium_id, programme_id),
    UNIQUE (consortium_id, code),
    CHECK (first_day <= last_day)
);
COMMENT ON TABLE programmes IS 'What a region does in a period; its spearheads and locations as one document, since they change together.';

CREATE TABLE organisations (
    consortium_id    uuid NOT NULL,
    organisation_id  uuid NOT NULL,
    code             text NOT NULL,
    name             text NOT NULL,
    kind             text NOT NULL,
    registry_numbers jsonb NOT NULL,
    municipality     text,
    version          bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id),
    UNIQUE (consortium_id, code)
);
COMMENT ON TABLE organisations IS 'Organisations as one region knows them.';

CREATE TABLE identities (
    consortium_id uuid NOT NULL,
    issuer        text NOT NULL,
    subject       text NOT NULL,
    person_id     uuid NOT NULL,
    PRIMARY KEY (consortium_id, issuer, subject)
);
COMMENT ON TABLE identities IS 'The person behind an account, so that two accounts of one person count as one.';

-- migrate:down
DROP TABLE identities, organisations, programmes, consortia;

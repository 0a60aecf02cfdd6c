-- migrate:up
CREATE TABLE consortia (
    consortium_id uuid PRIMARY KEY,
    code          text NOT NULL UNIQUE,
    zone          text NOT NULL,
    currency      text NOT NULL,
    language      text NOT NULL,
    sequence      bigint NOT NULL
);
COMMENT ON TABLE consortia IS '[installation] Copy of partners: the regions here, with the zone their days are counted in.';

CREATE TABLE programmes (
    consortium_id uuid NOT NULL,
    programme_id  uuid NOT NULL,
    code          text NOT NULL,
    from_day      date NOT NULL,
    until_day     date NOT NULL CHECK (until_day >= from_day),
    sequence      bigint NOT NULL,
    PRIMARY KEY (consortium_id, programme_id)
);
COMMENT ON TABLE programmes IS 'Copy of partners: what a region does in a period.';

CREATE TABLE programme_lines (
    consortium_id uuid NOT NULL,
    programme_id  uuid NOT NULL,
    code          text COLLATE "C" NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('spearhead', 'location')),
    title         text NOT NULL,
    PRIMARY KEY (consortium_id, programme_id, code),
    FOREIGN KEY (consortium_id, programme_id) REFERENCES programmes ON DELETE CASCADE
);
COMMENT ON TABLE programme_lines IS 'Copy of partners: the spearheads and locations of a programme, that hours and money are booked on.';

CREATE TABLE organisations (
    consortium_id    uuid NOT NULL,
    organisation_id  uuid NOT NULL,
    code             text NOT NULL,
    name             text NOT NULL,
    kind             text NOT NULL,
    registry_numbers jsonb NOT NULL,
    sequence         bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id)
);
CREATE INDEX organisations_by_code ON organisations (consortium_id, code);
COMMENT ON TABLE organisations IS 'Copy of partners: the organisations of a region. A row is locked by whoever checks and books what its organisation brings in.';

CREATE TABLE organisation_references (
    consortium_id   uuid NOT NULL,
    reference       text NOT NULL,
    organisation_id uuid NOT NULL,
    PRIMARY KEY (consortium_id, reference, organisation_id),
    FOREIGN KEY (consortium_id, organisation_id) REFERENCES organisations ON DELETE CASCADE
);
COMMENT ON TABLE organisation_references IS 'What a company system may call an organisation: its code, its id or a registry number, as kvk:12345678.';

CREATE TABLE standings (
    consortium_id   uuid NOT NULL,
    organisation_id uuid NOT NULL,
    sequence        bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id)
);
COMMENT ON TABLE standings IS 'Copy of partners: up to which event the standing of an organisation is known.';

CREATE TABLE standing_periods (
    consortium_id   uuid NOT NULL,
    organisation_id uuid NOT NULL,
    position        smallint NOT NULL,
    ground          text NOT NULL,
    from_day        date NOT NULL,
    until_day       date,
    suffices        boolean NOT NULL,
    through_id      uuid,
    PRIMARY KEY (consortium_id, organisation_id, position),
    FOREIGN KEY (consortium_id, organisation_id) REFERENCES standings ON DELETE CASCADE
);
COMMENT ON TABLE standing_periods IS 'Copy of partners: from when until when, and on which ground, an organisation counts as a partner.';

-- migrate:down
DROP TABLE standing_periods, standings, organisation_references, organisations, programme_lines, programmes, consortia;

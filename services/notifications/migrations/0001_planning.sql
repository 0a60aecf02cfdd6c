-- migrate:up
CREATE TABLE consortia (
    consortium_id uuid PRIMARY KEY,
    code          text NOT NULL UNIQUE,
    name          text NOT NULL,
    zone          text NOT NULL,
    language      text NOT NULL CHECK (language IN ('nl', 'sv', 'en')),
    sequence      bigint NOT NULL
);
COMMENT ON TABLE consortia IS '[installation] Copy of partners: the regions here, with the zone their days are counted in and the language they write in.';

CREATE TABLE organisations (
    consortium_id   uuid NOT NULL,
    organisation_id uuid NOT NULL,
    name            text NOT NULL,
    sequence        bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id)
);
COMMENT ON TABLE organisations IS 'Copy of partners: what organisations are called, as of the event with this sequence.';

CREATE TABLE milestones (
    consortium_id      uuid NOT NULL,
    milestone_id       uuid NOT NULL,
    code               text NOT NULL,
    title              text NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('deadline', 'session', 'announcement')),
    day                date NOT NULL,
    starts_at          time,
    ends_at            time CHECK (ends_at > starts_at),
    place              text,
    audience           text NOT NULL,
    text               text,
    remind_days_before integer[] NOT NULL,
    cancelled          boolean NOT NULL,
    reason             text CHECK (cancelled OR reason IS NULL),
    from_day           date,
    said               text NOT NULL CHECK (said IN ('planned', 'moved', 'cancelled')),
    said_version       bigint NOT NULL,
    version            bigint NOT NULL CHECK (version >= said_version),
    PRIMARY KEY (consortium_id, milestone_id),
    UNIQUE (consortium_id, code)
);
CREATE INDEX milestones_by_day ON milestones (consortium_id, day, code);
COMMENT ON TABLE milestones IS 'The planning of a region. Times are local to its zone.';
COMMENT ON COLUMN milestones.said IS 'What was last to be told of it, since said_version.';

-- migrate:down
DROP TABLE milestones, organisations, consortia;

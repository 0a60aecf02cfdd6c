-- migrate:up
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE consortia (
    consortium_id uuid PRIMARY KEY,
    code          text NOT NULL UNIQUE,
    zone          text NOT NULL,
    sequence      bigint NOT NULL
);
COMMENT ON TABLE consortia IS '[installation] Copy of partners: the regions here, with the zone their days are counted in.';

CREATE TABLE municipalities (
    name      text PRIMARY KEY CHECK (name = lower(name)),
    latitude  double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180)
);
COMMENT ON TABLE municipalities IS '[installation] [read-only] Centres of municipalities in degrees, rounded to a kilometre; enough to rank by travel time.';

INSERT INTO municipalities (name, latitude, longitude) VALUES
    ('almere', 52.37, 5.22), ('amersfoort', 52.16, 5.39), ('amsterdam', 52.37, 4.90), ('apeldoorn', 52.21, 5.97),
    ('arnhem', 51.98, 5.91), ('baarn', 52.21, 5.29), ('barneveld', 52.14, 5.58), ('bunschoten', 52.24, 5.37),
    ('culemborg', 51.96, 5.23), ('de bilt', 52.11, 5.18), ('delft', 52.01, 4.36), ('den haag', 52.08, 4.31),
    ('ede', 52.04, 5.66), ('eemnes', 52.25, 5.26), ('eindhoven', 51.44, 5.48), ('ermelo', 52.30, 5.62),
    ('gouda', 52.01, 4.71), ('groningen', 53.22, 6.57), ('haarlem', 52.38, 4.64), ('harderwijk', 52.34, 5.62),
    ('hilversum', 52.22, 5.18), ('houten', 52.03, 5.17), ('huizen', 52.30, 5.24), ('leeuwarden', 53.20, 5.80),
    ('leiden', 52.16, 4.49), ('leusden', 52.13, 5.43), ('nieuwegein', 52.03, 5.08), ('nijkerk', 52.22, 5.49),
    ('nijmegen', 51.84, 5.86), ('putten', 52.26, 5.61), ('renswoude', 52.07, 5.54), ('rhenen', 51.96, 5.57),
    ('rotterdam', 51.92, 4.48), ('scherpenzeel', 52.08, 5.49), ('soest', 52.17, 5.29), ('tilburg', 51.56, 5.09),
    ('utrecht', 52.09, 5.12), ('utrechtse heuvelrug', 52.03, 5.35), ('veenendaal', 52.03, 5.56),
    ('wageningen', 51.97, 5.67), ('wijk bij duurstede', 51.97, 5.34), ('woudenberg', 52.08, 5.42),
    ('zeewolde', 52.33, 5.54), ('zeist', 52.09, 5.23), ('zwolle', 52.52, 6.09),
    ('antwerpen', 51.22, 4.40), ('brussel', 50.85, 4.35), ('gent', 51.05, 3.72), ('leuven', 50.88, 4.70),
    ('huddinge', 59.24, 17.98), ('stockholm', 59.33, 18.07);

CREATE TABLE organisations (
    consortium_id   uuid NOT NULL,
    organisation_id uuid NOT NULL,
    code            text NOT NULL,
    name            text NOT NULL,
    kind            text NOT NULL,
    municipality    text,
    sequence        bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id)
);
COMMENT ON TABLE organisations IS 'Copy of partners: the organisations of a region, as of the event with this sequence.';

CREATE TABLE programmes (
    consortium_id uuid NOT NULL,
    programme_id  uuid NOT NULL,
    code          text NOT NULL,
    from_day      date NOT NULL,
    until_day     date NOT NULL,
    sequence      bigint NOT NULL,
    PRIMARY KEY (consortium_id, programme_id)
);
COMMENT ON TABLE programmes IS 'Copy of partners: the programmes of a region, as of the event with this sequence.';

CREATE TABLE lines (
    consortium_id uuid NOT NULL,
    code          text NOT NULL,
    programme_id  uuid NOT NULL,
    kind          text NOT NULL CHECK (kind IN ('spearhead', 'location')),
    title         text NOT NULL,
    PRIMARY KEY (consortium_id, code),
    FOREIGN KEY (consortium_id, programme_id) REFERENCES programmes ON DELETE CASCADE
);
COMMENT ON TABLE lines IS 'Copy of partners: spearheads and locations, the lines that activities belong to.';

CREATE TABLE kinds (
    consortium_id uuid NOT NULL,
    code          text NOT NULL,
    title         text NOT NULL,
    behaviour     text NOT NULL CHECK (behaviour IN ('session')),
    place         text NOT NULL CHECK (place IN ('school', 'company')),
    cancel_hours  integer NOT NULL CHECK (cancel_hours >= 0),
    PRIMARY KEY (consortium_id, code)
);
COMMENT ON TABLE kinds IS 'The kinds of activity of a region, each over a coded behaviour.';

CREATE TABLE offers (
    consortium_id       uuid NOT NULL,
    offer_id            uuid NOT NULL,
    code                text NOT NULL,
    kind                text NOT NULL,
    title               text NOT NULL,
    company_id          uuid NOT NULL,
    line                text NOT NULL,
    subject             text NOT NULL,
    levels              text[] NOT NULL,
    language            text NOT NULL,
    min_group           integer NOT NULL CHECK (min_group > 0),
    max_group           integer NOT NULL CHECK (max_group >= min_group),
    minutes             integer NOT NULL CHECK (minutes > 0),
    preparation_minutes integer NOT NULL CHECK (preparation_minutes >= 0),
    workers             integer NOT NULL CHECK (workers > 0),
    price_cents         bigint NOT NULL CHECK (price_cents >= 0),
    municipality        text,
    max_travel_minutes  integer CHECK (max_travel_minutes > 0),
    windows             jsonb NOT NULL,
    from_day            date,
    until_day           date,
    available           boolean NOT NULL,
    version             bigint NOT NULL,
    PRIMARY KEY (consortium_id, offer_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, kind) REFERENCES kinds,
    FOREIGN KEY (consortium_id, company_id) REFERENCES organisations
);
CREATE INDEX offers_by_kind ON offers (consortium_id, kind) WHERE available;
COMMENT ON TABLE offers IS 'What companies offer to schools.';

CREATE TABLE requests (
    consortium_id uuid NOT NULL,
    request_id    uuid NOT NULL,
    code          text NOT NULL,
    kind          text NOT NULL,
    school_id     uuid NOT NULL,
    line          text NOT NULL,
    subject       text NOT NULL,
    level         text NOT NULL,
    group_size    integer NOT NULL CHECK (group_size > 0),
    language      text NOT NULL,
    from_day      date NOT NULL,
    until_day     date NOT NULL CHECK (until_day >= from_day),
    minutes       integer NOT NULL CHECK (minutes > 0),
    municipality  text,
    windows       jsonb NOT NULL,
    closed        date[] NOT NULL,
    state         text NOT NULL CHECK (state IN ('open', 'held', 'planned', 'withdrawn')),
    attempts      integer NOT NULL CHECK (attempts >= 0),
    version       bigint NOT NULL,
    PRIMARY KEY (consortium_id, request_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, kind) REFERENCES kinds,
    FOREIGN KEY (consortium_id, school_id) REFERENCES organisations
);
COMMENT ON TABLE requests IS 'What schools ask for.';

CREATE TABLE candidates (
    consortium_id  uuid NOT NULL,
    request_id     uuid NOT NULL,
    offer_id       uuid NOT NULL,
    rank           integer NOT NULL CHECK (rank > 0),
    score          integer NOT NULL CHECK (score BETWEEN 0 AND 100),
    travel_minutes integer,
    starts_at      timestamptz NOT NULL,
    reasons        text[] NOT NULL,
    outcome        text NOT NULL CHECK (outcome IN ('proposed', 'held', 'passed')),
    PRIMARY KEY (consortium_id, request_id, offer_id),
    UNIQUE (consortium_id, request_id, rank) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (consortium_id, request_id) REFERENCES requests,
    FOREIGN KEY (consortium_id, offer_id) REFERENCES offers
);
COMMENT ON TABLE candidates IS 'The last ranking of the candidates for a request, and which of them had their turn.';

-- migrate:down
DROP TABLE candidates, requests, offers, kinds, lines, programmes, organisations, municipalities, consortia;

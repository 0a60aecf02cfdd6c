-- migrate:up

CREATE TABLE reporting_series (
    consortium_id uuid NOT NULL,
    series_id uuid NOT NULL,
    code text COLLATE "C" NOT NULL,
    title text NOT NULL,
    first_day date NOT NULL,
    last_day date NOT NULL CHECK (last_day >= first_day),
    every text NOT NULL CHECK (every IN ('week', 'month', 'quarter', 'year')),
    step integer NOT NULL CHECK (step > 0),
    tells text[] NOT NULL,
    remind_days_before integer[] NOT NULL,
    grant_code text,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, series_id)
);
COMMENT ON TABLE reporting_series IS 'Reporting dates that come back, each a date of its own in reporting_dates.';

CREATE TABLE reporting_dates (
    consortium_id uuid NOT NULL,
    reporting_date_id uuid NOT NULL,
    code text COLLATE "C" NOT NULL,
    title text NOT NULL,
    origin text NOT NULL CHECK (origin IN ('scheme', 'series', 'office')),
    day date NOT NULL,
    first_day date NOT NULL,
    known_from date NOT NULL,
    tells text[] NOT NULL,
    remind_days_before integer[] NOT NULL,
    from_day date,
    until_day date CHECK (until_day >= from_day),
    grant_id uuid,
    grant_code text,
    series text,
    rule text CHECK ((origin = 'scheme') = (rule IS NOT NULL)),
    state text NOT NULL CHECK (state IN ('planned', 'completed', 'cancelled')),
    reason text NOT NULL,
    completed_on date CHECK ((state = 'completed') = (completed_on IS NOT NULL)),
    report_code text,
    report_id uuid,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, reporting_date_id),
    FOREIGN KEY (consortium_id, grant_id) REFERENCES grants (consortium_id, grant_id),
    FOREIGN KEY (consortium_id, report_id) REFERENCES progress_reports (consortium_id, report_id),
    CHECK ((origin = 'series') = (series IS NOT NULL))
);
COMMENT ON TABLE reporting_dates IS 'The reporting calendar: what is handed in by when, by a rule of a scheme, a series or the office.';
CREATE INDEX reporting_dates_by_day ON reporting_dates (consortium_id, day, code);
CREATE INDEX reporting_dates_of_grant ON reporting_dates (consortium_id, grant_id);
CREATE INDEX reporting_dates_of_report ON reporting_dates (consortium_id, report_id);

CREATE TABLE reporting_date_moves (
    consortium_id uuid NOT NULL,
    reporting_date_id uuid NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    from_day date NOT NULL,
    to_day date NOT NULL CHECK (to_day <> from_day),
    reason text NOT NULL CHECK (reason <> ''),
    known_from date NOT NULL,
    moved_at timestamptz NOT NULL,
    rule text,
    moved_by uuid,
    PRIMARY KEY (consortium_id, reporting_date_id, number),
    FOREIGN KEY (consortium_id, reporting_date_id) REFERENCES reporting_dates (consortium_id, reporting_date_id),
    CHECK ((rule IS NULL) <> (moved_by IS NULL))
);
COMMENT ON TABLE reporting_date_moves IS '[append-only] Each move of a reporting date: the day it stood on, why it went, and since when that is known.';

CREATE TABLE reporting_news (
    consortium_id uuid NOT NULL,
    news_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    known_from date NOT NULL
);
COMMENT ON TABLE reporting_news IS '[installation] Regions whose reporting calendar may be another from a day on, of all regions: ids only.';

CREATE FUNCTION announce_deadline() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_news (consortium_id, known_from)
    SELECT DISTINCT consortium_id, known_from FROM added WHERE about = 'deadline';
    RETURN NULL;
END $$;
CREATE TRIGGER scheme_rules_announce_deadline AFTER INSERT ON scheme_rules
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_deadline();
CREATE FUNCTION announce_grant_dates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reporting_news (consortium_id, known_from) SELECT DISTINCT consortium_id, '-infinity'::date FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER grants_announce_dates AFTER INSERT ON grants
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_grant_dates();

-- What was awarded before there was a calendar, and rules that are not known yet. Row-level security would hide them
-- from the owner; every migration ends with laying it anew.
ALTER TABLE grants NO FORCE ROW LEVEL SECURITY;
ALTER TABLE scheme_rules NO FORCE ROW LEVEL SECURITY;
INSERT INTO reporting_news (consortium_id, known_from) SELECT DISTINCT consortium_id, '-infinity'::date FROM grants;
INSERT INTO reporting_news (consortium_id, known_from)
SELECT DISTINCT consortium_id, known_from FROM scheme_rules WHERE about = 'deadline';

-- migrate:down

DROP TRIGGER grants_announce_dates ON grants;
DROP TRIGGER scheme_rules_announce_deadline ON scheme_rules;
DROP FUNCTION announce_grant_dates, announce_deadline;
DROP TABLE reporting_news, reporting_date_moves, reporting_dates, reporting_series;

-- migrate:up

-- A spearhead may take hours without taking money.
ALTER TABLE programme_lines ADD COLUMN budgeted boolean NOT NULL DEFAULT true;

-- What organisations are asked, and what they promise.
CREATE TABLE statements (
    consortium_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    title text NOT NULL,
    deadline date NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, statement_id),
    UNIQUE (consortium_id, code)
);
COMMENT ON TABLE statements IS 'The forms: which organisation is asked what it will contribute, and until when it can answer.';

CREATE TABLE pledges (
    consortium_id uuid NOT NULL,
    pledge_id uuid NOT NULL,
    code text COLLATE "C" NOT NULL,
    organisation_id uuid NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, pledge_id),
    UNIQUE (consortium_id, code)
);
COMMENT ON TABLE pledges IS 'Promises of organisations, each with the number of the version that holds now.';

CREATE INDEX pledges_organisation ON pledges (consortium_id, organisation_id);

CREATE TABLE pledge_versions (
    consortium_id uuid NOT NULL,
    pledge_id uuid NOT NULL,
    version bigint NOT NULL,
    statement_id uuid,
    signed_on date NOT NULL,
    replaced_on date CHECK (replaced_on >= signed_on),
    from_day date NOT NULL,
    until_day date NOT NULL CHECK (until_day >= from_day),
    PRIMARY KEY (consortium_id, pledge_id, version),
    FOREIGN KEY (consortium_id, pledge_id) REFERENCES pledges (consortium_id, pledge_id),
    FOREIGN KEY (consortium_id, statement_id) REFERENCES statements (consortium_id, statement_id)
);
COMMENT ON TABLE pledge_versions IS 'Each signing of a pledge: it holds from the day it was signed until the day another took its place.';
CREATE INDEX pledge_versions_statement ON pledge_versions (consortium_id, statement_id);

CREATE TABLE pledge_lines (
    consortium_id uuid NOT NULL,
    pledge_id uuid NOT NULL,
    version bigint NOT NULL,
    line text COLLATE "C" NOT NULL,
    position smallint NOT NULL,
    minutes bigint NOT NULL CHECK (minutes >= 0),
    material_cents bigint NOT NULL CHECK (material_cents >= 0),
    cents bigint NOT NULL CHECK (cents >= 0),
    PRIMARY KEY (consortium_id, pledge_id, version, line),
    FOREIGN KEY (consortium_id, pledge_id, version) REFERENCES pledge_versions (consortium_id, pledge_id, version)
);
COMMENT ON TABLE pledge_lines IS '[append-only] What a signing promises for each line: minutes, material, and what both are worth together.';

-- The position: running totals, so that asking for it never reads all contributions. Whoever books appends a move and
-- waits for nobody; a loop folds the moves into the totals. Totals and moves together are exact at any moment.
CREATE TABLE position_totals (
    consortium_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    line text COLLATE "C" NOT NULL,
    realised_cents bigint NOT NULL,
    realised_minutes bigint NOT NULL,
    declared_cents bigint NOT NULL,
    declared_minutes bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id, line)
);
COMMENT ON TABLE position_totals IS 'What each organisation brought in for each line: accepted, and booked but not yet accepted. All days together.';

CREATE TABLE position_moves (
    consortium_id uuid NOT NULL,
    move_no bigint GENERATED ALWAYS AS IDENTITY,
    organisation_id uuid NOT NULL,
    line text COLLATE "C" NOT NULL,
    realised_cents bigint NOT NULL,
    realised_minutes bigint NOT NULL,
    declared_cents bigint NOT NULL,
    declared_minutes bigint NOT NULL,
    PRIMARY KEY (consortium_id, move_no)
);
COMMENT ON TABLE position_moves IS 'What is still to be added to the totals. Filled by the contributions themselves, emptied by the loop.';

CREATE TABLE position_news (
    consortium_id uuid NOT NULL,
    news_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY
);
COMMENT ON TABLE position_news IS '[installation] Regions whose position may have changed since it was last told, of all regions: ids only.';

CREATE TABLE positions (
    consortium_id uuid NOT NULL,
    position_id uuid NOT NULL,
    told jsonb NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, position_id)
);
COMMENT ON TABLE positions IS 'The position of a region as it was last published, and how often it was.';

CREATE FUNCTION move_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH moved AS (
            INSERT INTO position_moves (consortium_id, organisation_id, line, realised_cents, realised_minutes,
                                        declared_cents, declared_minutes)
            SELECT consortium_id, organisation_id, line,
                   coalesce(sum(value_cents) FILTER (WHERE state = 'accepted'), 0),
                   coalesce(sum(minutes) FILTER (WHERE state = 'accepted'), 0),
                   coalesce(sum(value_cents) FILTER (WHERE state IN ('declared', 'verified')), 0),
                   coalesce(sum(minutes) FILTER (WHERE state IN ('declared', 'verified')), 0)
            FROM added
            WHERE state IN ('declared', 'verified', 'accepted')
            GROUP BY consortium_id, organisation_id, line
            RETURNING consortium_id
        )
        INSERT INTO position_news (consortium_id) SELECT DISTINCT consortium_id FROM moved;
    ELSE
        WITH sides AS (
            SELECT consortium_id, organisation_id, line, state, value_cents, minutes FROM added
            UNION ALL
            SELECT consortium_id, organisation_id, line, state, -value_cents, -minutes FROM removed
        ), moved AS (
            INSERT INTO position_moves (consortium_id, organisation_id, line, realised_cents, realised_minutes,
                                        declared_cents, declared_minutes)
            SELECT * FROM (
                SELECT consortium_id, organisation_id, line,
                       coalesce(sum(value_cents) FILTER (WHERE state = 'accepted'), 0) AS realised_cents,
                       coalesce(sum(minutes) FILTER (WHERE state = 'accepted'), 0) AS realised_minutes,
                       coalesce(sum(value_cents) FILTER (WHERE state IN ('declared', 'verified')), 0) AS declared_cents,
                       coalesce(sum(minutes) FILTER (WHERE state IN ('declared', 'verified')), 0) AS declared_minutes
                FROM sides
                GROUP BY consortium_id, organisation_id, line
            ) AS summed
            WHERE (realised_cents, realised_minutes, declared_cents, declared_minutes) <> (0, 0, 0, 0)
            RETURNING consortium_id
        )
        INSERT INTO position_news (consortium_id) SELECT DISTINCT consortium_id FROM moved;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER contributions_added_move_position AFTER INSERT ON contributions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION move_position();
CREATE TRIGGER contributions_changed_move_position AFTER UPDATE ON contributions
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION move_position();

CREATE FUNCTION announce_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO position_news (consortium_id) SELECT DISTINCT consortium_id FROM added;
    RETURN NULL;
END $$;
CREATE TRIGGER pledge_versions_announce_position AFTER INSERT ON pledge_versions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_position();
CREATE TRIGGER grants_announce_position AFTER INSERT ON grants
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_position();
CREATE TRIGGER grant_supplements_announce_position AFTER INSERT ON grant_supplements
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_position();
CREATE TRIGGER scheme_rules_announce_position AFTER INSERT ON scheme_rules
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION announce_position();

-- What was booked before there were totals. Row-level security would hide it from the owner; every migration ends with
-- laying it anew.
ALTER TABLE contributions NO FORCE ROW LEVEL SECURITY;
INSERT INTO position_totals (consortium_id, organisation_id, line, realised_cents, realised_minutes, declared_cents,
                             declared_minutes)
SELECT consortium_id, organisation_id, line,
       coalesce(sum(value_cents) FILTER (WHERE state = 'accepted'), 0),
       coalesce(sum(minutes) FILTER (WHERE state = 'accepted'), 0),
       coalesce(sum(value_cents) FILTER (WHERE state IN ('declared', 'verified')), 0),
       coalesce(sum(minutes) FILTER (WHERE state IN ('declared', 'verified')), 0)
FROM contributions
WHERE state IN ('declared', 'verified', 'accepted')
GROUP BY consortium_id, organisation_id, line;

-- For a day in the past: what came after it is taken off again. And the last contribution of an organisation.
CREATE INDEX contributions_by_day ON contributions (consortium_id, day);
CREATE INDEX contributions_by_organisation ON contributions (consortium_id, organisation_id, day);

-- Every organisation with every line, on a day; lines, partners and the programme are sums of these. The meaning of
-- due_cents and forecast_cents stands in domain/position.py, and a test holds both together.
CREATE FUNCTION position_cells(region uuid, as_of date) RETURNS TABLE (
    organisation_id uuid, line text, realised_cents bigint, realised_minutes bigint, declared_cents bigint,
    declared_minutes bigint, promised_cents bigint, promised_minutes bigint, due_cents bigint, forecast_cents bigint
) LANGUAGE sql STABLE AS $$
    WITH parts AS (
        SELECT total.organisation_id, total.line, total.realised_cents, total.realised_minutes, total.declared_cents,
               total.declared_minutes, 0 AS promised_cents, 0 AS promised_minutes, 0 AS due_cents
        FROM position_totals AS total
        WHERE total.consortium_id = region
        UNION ALL
        SELECT move.organisation_id, move.line, move.realised_cents, move.realised_minutes, move.declared_cents,
               move.declared_minutes, 0, 0, 0
        FROM position_moves AS move
        WHERE move.consortium_id = region
        UNION ALL
        SELECT later.organisation_id, later.line,
               CASE WHEN later.state = 'accepted' THEN -later.value_cents ELSE 0 END,
               CASE WHEN later.state = 'accepted' THEN -later.minutes ELSE 0 END,
               CASE WHEN later.state = 'accepted' THEN 0 ELSE -later.value_cents END,
               CASE WHEN later.state = 'accepted' THEN 0 ELSE -later.minutes END,
               0, 0, 0
        FROM contributions AS later
        WHERE later.consortium_id = region AND later.day > as_of
          AND later.state IN ('declared', 'verified', 'accepted')
        UNION ALL
        SELECT pledge.organisation_id, promise.line, 0, 0, 0, 0, promise.cents, promise.minutes,
               div(promise.cents::numeric
                       * least(greatest(as_of - signed.from_day + 1, 0), signed.until_day - signed.from_day + 1),
                   signed.until_day - signed.from_day + 1)::bigint
        FROM pledge_versions AS signed
        JOIN pledges AS pledge USING (consortium_id, pledge_id)
        JOIN pledge_lines AS promise ON promise.consortium_id = signed.consortium_id
                                    AND promise.pledge_id = signed.pledge_id AND promise.version = signed.version
        WHERE signed.consortium_id = region
          AND signed.signed_on <= as_of AND (signed.replaced_on IS NULL OR signed.replaced_on > as_of)
    ), cells AS (
        SELECT part.organisation_id, part.line,
               sum(part.realised_cents) AS realised_cents, sum(part.realised_minutes) AS realised_minutes,
               sum(part.declared_cents) AS declared_cents, sum(part.declared_minutes) AS declared_minutes,
               sum(part.promised_cents) AS promised_cents, sum(part.promised_minutes) AS promised_minutes,
               sum(part.due_cents) AS due_cents,
               sum(part.realised_cents) + sum(part.declared_cents) AS delivered_cents
        FROM parts AS part
        GROUP BY part.organisation_id, part.line
    ), partners AS (
        SELECT sum(cell.due_cents) AS due_cents, sum(cell.delivered_cents) AS delivered_cents
        FROM cells AS cell
        GROUP BY cell.organisation_id
    ), kept AS (
        SELECT CASE WHEN sum(partner.due_cents) > 0
                    THEN div(sum(least(partner.due_cents, partner.delivered_cents)) * 10000, sum(partner.due_cents))
                    ELSE 10000 END AS basis_points
        FROM partners AS partner
    )
    SELECT cell.organisation_id, cell.line, cell.realised_cents::bigint, cell.realised_minutes::bigint,
           cell.declared_cents::bigint, cell.declared_minutes::bigint, cell.promised_cents::bigint,
           cell.promised_minutes::bigint, cell.due_cents::bigint,
           (cell.delivered_cents + div(
               greatest(0, cell.promised_cents - greatest(cell.due_cents, cell.delivered_cents)) * kept.basis_points,
               10000))::bigint
    FROM cells AS cell CROSS JOIN kept
$$;

-- migrate:down

DROP FUNCTION position_cells;
DROP INDEX contributions_by_organisation, contributions_by_day;
DROP TRIGGER scheme_rules_announce_position ON scheme_rules;
DROP TRIGGER grant_supplements_announce_position ON grant_supplements;
DROP TRIGGER grants_announce_position ON grants;
DROP TRIGGER contributions_changed_move_position ON contributions;
DROP TRIGGER contributions_added_move_position ON contributions;
DROP TABLE positions, position_news, position_moves, position_totals, pledge_lines, pledge_versions, pledges, statements;
DROP FUNCTION announce_position, move_position;
ALTER TABLE programme_lines DROP COLUMN budgeted;

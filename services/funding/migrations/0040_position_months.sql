-- migrate:up

-- A day in the past took off every contribution after it, one by one. With totals by month it takes off whole months,
-- and only the rest of its own month one by one. A move carries its month; the months are filled from the moves that are
-- taken, so that they and the totals always tell of the same contributions, whichever version of the service folds.
LOCK TABLE contributions, position_moves, position_totals IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE contributions NO FORCE ROW LEVEL SECURITY;
ALTER TABLE position_moves NO FORCE ROW LEVEL SECURITY;
ALTER TABLE position_totals NO FORCE ROW LEVEL SECURITY;

CREATE TABLE position_months (
    consortium_id uuid NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    organisation_id uuid NOT NULL,
    line text COLLATE "C" NOT NULL,
    realised_cents bigint NOT NULL,
    realised_minutes bigint NOT NULL,
    declared_cents bigint NOT NULL,
    declared_minutes bigint NOT NULL,
    PRIMARY KEY (consortium_id, month, organisation_id, line)
);
COMMENT ON TABLE position_months IS 'The totals of each organisation and line by the month of the contribution, as folded: they sum to position_totals.';

WITH taken AS (
    DELETE FROM position_moves RETURNING *
)
INSERT INTO position_totals AS total (consortium_id, organisation_id, line, realised_cents, realised_minutes,
                                      declared_cents, declared_minutes)
SELECT consortium_id, organisation_id, line, sum(realised_cents), sum(realised_minutes), sum(declared_cents),
       sum(declared_minutes)
FROM taken
GROUP BY consortium_id, organisation_id, line
ON CONFLICT (consortium_id, organisation_id, line) DO UPDATE
SET realised_cents = total.realised_cents + excluded.realised_cents,
    realised_minutes = total.realised_minutes + excluded.realised_minutes,
    declared_cents = total.declared_cents + excluded.declared_cents,
    declared_minutes = total.declared_minutes + excluded.declared_minutes;
ALTER TABLE position_moves ADD COLUMN month date NOT NULL;

INSERT INTO position_months
SELECT consortium_id, date_trunc('month', day)::date, organisation_id, line,
       coalesce(sum(value_cents) FILTER (WHERE state = 'accepted'), 0),
       coalesce(sum(minutes) FILTER (WHERE state = 'accepted'), 0),
       coalesce(sum(value_cents) FILTER (WHERE state IN ('declared', 'verified')), 0),
       coalesce(sum(minutes) FILTER (WHERE state IN ('declared', 'verified')), 0)
FROM contributions
WHERE state IN ('declared', 'verified', 'accepted')
GROUP BY consortium_id, date_trunc('month', day), organisation_id, line;

CREATE OR REPLACE FUNCTION move_position() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        WITH moved AS (
            INSERT INTO position_moves (consortium_id, organisation_id, line, month, realised_cents, realised_minutes,
                                        declared_cents, declared_minutes)
            SELECT consortium_id, organisation_id, line, date_trunc('month', day)::date,
                   coalesce(sum(value_cents) FILTER (WHERE state = 'accepted'), 0),
                   coalesce(sum(minutes) FILTER (WHERE state = 'accepted'), 0),
                   coalesce(sum(value_cents) FILTER (WHERE state IN ('declared', 'verified')), 0),
                   coalesce(sum(minutes) FILTER (WHERE state IN ('declared', 'verified')), 0)
            FROM added
            WHERE state IN ('declared', 'verified', 'accepted')
            GROUP BY consortium_id, organisation_id, line, date_trunc('month', day)
            RETURNING consortium_id
        )
        INSERT INTO position_news (consortium_id) SELECT DISTINCT consortium_id FROM moved;
    ELSE
        WITH sides AS (
            SELECT consortium_id, organisation_id, line, day, state, value_cents, minutes FROM added
            UNION ALL
            SELECT consortium_id, organisation_id, line, day, state, -value_cents, -minutes FROM removed
        ), moved AS (
            INSERT INTO position_moves (consortium_id, organisation_id, line, month, realised_cents, realised_minutes,
                                        declared_cents, declared_minutes)
            SELECT * FROM (
                SELECT consortium_id, organisation_id, line, date_trunc('month', day)::date AS month,
                       coalesce(sum(value_cents) FILTER (WHERE state = 'accepted'), 0) AS realised_cents,
                       coalesce(sum(minutes) FILTER (WHERE state = 'accepted'), 0) AS realised_minutes,
                       coalesce(sum(value_cents) FILTER (WHERE state IN ('declared', 'verified')), 0) AS declared_cents,
                       coalesce(sum(minutes) FILTER (WHERE state IN ('declared', 'verified')), 0) AS declared_minutes
                FROM sides
                GROUP BY consortium_id, organisation_id, line, date_trunc('month', day)
            ) AS summed
            WHERE (realised_cents, realised_minutes, declared_cents, declared_minutes) <> (0, 0, 0, 0)
            RETURNING consortium_id
        )
        INSERT INTO position_news (consortium_id) SELECT DISTINCT consortium_id FROM moved;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION fold_months() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO position_months AS total (consortium_id, month, organisation_id, line, realised_cents, realised_minutes,
                                          declared_cents, declared_minutes)
    SELECT consortium_id, month, organisation_id, line, sum(realised_cents), sum(realised_minutes),
           sum(declared_cents), sum(declared_minutes)
    FROM taken
    GROUP BY consortium_id, month, organisation_id, line
    ORDER BY consortium_id, month, organisation_id, line
    ON CONFLICT (consortium_id, month, organisation_id, line) DO UPDATE
    SET realised_cents = total.realised_cents + excluded.realised_cents,
        realised_minutes = total.realised_minutes + excluded.realised_minutes,
        declared_cents = total.declared_cents + excluded.declared_cents,
        declared_minutes = total.declared_minutes + excluded.declared_minutes;
    RETURN NULL;
END $$;
CREATE TRIGGER position_moves_fold_months AFTER DELETE ON position_moves
    REFERENCING OLD TABLE AS taken FOR EACH STATEMENT EXECUTE FUNCTION fold_months();

CREATE OR REPLACE FUNCTION position_cells(region uuid, as_of date) RETURNS TABLE (
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
        WHERE move.consortium_id = region AND move.month <= as_of
        UNION ALL
        SELECT later.organisation_id, later.line, -later.realised_cents, -later.realised_minutes,
               -later.declared_cents, -later.declared_minutes, 0, 0, 0
        FROM position_months AS later
        WHERE later.consortium_id = region AND later.month > as_of
        UNION ALL
        SELECT later.organisation_id, later.line,
               CASE WHEN later.state = 'accepted' THEN -later.value_cents ELSE 0 END,
               CASE WHEN later.state = 'accepted' THEN -later.minutes ELSE 0 END,
               CASE WHEN later.state = 'accepted' THEN 0 ELSE -later.value_cents END,
               CASE WHEN later.state = 'accepted' THEN 0 ELSE -later.minutes END,
               0, 0, 0
        FROM contributions AS later
        WHERE later.consortium_id = region AND later.day > as_of
          AND later.day < (date_trunc('month', as_of) + interval '1 month')::date
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

DROP TRIGGER position_moves_fold_months ON position_moves;
DROP FUNCTION fold_months;
CREATE OR REPLACE FUNCTION move_position() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE OR REPLACE FUNCTION position_cells(region uuid, as_of date) RETURNS TABLE (
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

ALTER TABLE position_moves DROP COLUMN month;
DROP TABLE position_months;

-- migrate:up

-- Forms that go to everybody in an audience, with what is expected per line, year and term.
CREATE TABLE statement_rounds (
    consortium_id uuid NOT NULL,
    round_id uuid NOT NULL,
    code text COLLATE "C" NOT NULL,
    title text NOT NULL,
    deadline date NOT NULL,
    audiences text[] NOT NULL,
    kinds text[] NOT NULL,
    from_day date,
    until_day date,
    expected jsonb NOT NULL,
    remind_days smallint[] NOT NULL,
    exceptions jsonb NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, round_id),
    UNIQUE (consortium_id, code)
);
COMMENT ON TABLE statement_rounds IS 'Forms for many: to whom they go, what they ask, and what is different for some.';

ALTER TABLE statements
    ADD COLUMN round_id uuid,
    ADD COLUMN from_day date,
    ADD COLUMN until_day date CHECK (until_day >= from_day),
    ADD COLUMN expected jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN remind_days smallint[] NOT NULL DEFAULT '{14,3}',
    ADD FOREIGN KEY (consortium_id, round_id) REFERENCES statement_rounds (consortium_id, round_id);
CREATE INDEX statements_round ON statements (consortium_id, round_id, code);

CREATE TABLE statements_to_remind (
    consortium_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    days_before smallint NOT NULL,
    remind_on date NOT NULL,
    PRIMARY KEY (consortium_id, statement_id, days_before)
);
COMMENT ON TABLE statements_to_remind IS '[installation] Reminders of forms that are still to come, of all regions: ids and days only.';
CREATE INDEX statements_to_remind_day ON statements_to_remind (remind_on);

-- A line may be promised in several terms. Without a term it is spread over the days of the pledge.
ALTER TABLE pledge_lines
    ADD COLUMN facilities_cents bigint NOT NULL DEFAULT 0 CHECK (facilities_cents >= 0),
    ADD COLUMN cash_cents bigint NOT NULL DEFAULT 0 CHECK (cash_cents >= 0),
    ADD COLUMN term_year smallint,
    ADD COLUMN term_number smallint CHECK (term_number BETWEEN 1 AND 3),
    ADD COLUMN from_day date,
    ADD COLUMN until_day date CHECK (until_day >= from_day),
    ADD CHECK (num_nulls(term_year, term_number, from_day, until_day) IN (0, 4)),
    DROP CONSTRAINT pledge_lines_pkey,
    ADD PRIMARY KEY (consortium_id, pledge_id, version, position),
    ADD UNIQUE NULLS NOT DISTINCT (consortium_id, pledge_id, version, line, term_year, term_number);

-- The answer that is being filled in, and what was signed.
CREATE TABLE statement_answers (
    consortium_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    lines jsonb NOT NULL,
    form_version bigint NOT NULL,
    filled_by uuid NOT NULL,
    filled_at timestamptz NOT NULL,
    via text NOT NULL CHECK (via IN ('rest', 'spreadsheet')),
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, statement_id),
    FOREIGN KEY (consortium_id, statement_id) REFERENCES statements (consortium_id, statement_id)
);
COMMENT ON TABLE statement_answers IS 'What an organisation filled in on its form, as it stands now.';

CREATE TABLE statement_signatures (
    consortium_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    position integer NOT NULL CHECK (position > 0),
    signed_by uuid NOT NULL,
    signed_on date NOT NULL,
    signed_at timestamptz NOT NULL,
    place text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    document text NOT NULL,
    form_version bigint NOT NULL,
    pledge_id uuid NOT NULL,
    pledge_version bigint NOT NULL,
    PRIMARY KEY (consortium_id, statement_id, position),
    UNIQUE (consortium_id, pledge_id, pledge_version),
    FOREIGN KEY (consortium_id, statement_id) REFERENCES statements (consortium_id, statement_id),
    FOREIGN KEY (consortium_id, pledge_id, pledge_version)
        REFERENCES pledge_versions (consortium_id, pledge_id, version),
    CHECK (sha256 = encode(sha256(convert_to(document, 'UTF8')), 'hex'))
);
COMMENT ON TABLE statement_signatures IS '[append-only] Who signed which form and when, with the text that was signed and its hash.';

CREATE TABLE capacity_needs (
    consortium_id uuid NOT NULL,
    line text COLLATE "C" NOT NULL,
    terms jsonb NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, line)
);
COMMENT ON TABLE capacity_needs IS 'The minutes that the office needs for a line, by year and term.';

-- As before; a promise for a term falls due over the days of that term.
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
                       * least(greatest(as_of - days.first + 1, 0), days.last - days.first + 1),
                   days.last - days.first + 1)::bigint
        FROM pledge_versions AS signed
        JOIN pledges AS pledge USING (consortium_id, pledge_id)
        JOIN pledge_lines AS promise ON promise.consortium_id = signed.consortium_id
                                    AND promise.pledge_id = signed.pledge_id AND promise.version = signed.version
        CROSS JOIN LATERAL (
            SELECT coalesce(promise.from_day, signed.from_day) AS first,
                   coalesce(promise.until_day, signed.until_day) AS last
        ) AS days
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

DROP TABLE capacity_needs, statement_signatures, statement_answers, statements_to_remind;
ALTER TABLE pledge_lines
    DROP CONSTRAINT pledge_lines_pkey,
    DROP COLUMN facilities_cents, DROP COLUMN cash_cents, DROP COLUMN term_year, DROP COLUMN term_number,
    DROP COLUMN from_day, DROP COLUMN until_day,
    ADD PRIMARY KEY (consortium_id, pledge_id, version, line);
ALTER TABLE statements
    DROP COLUMN round_id, DROP COLUMN from_day, DROP COLUMN until_day, DROP COLUMN expected, DROP COLUMN remind_days;
DROP TABLE statement_rounds;

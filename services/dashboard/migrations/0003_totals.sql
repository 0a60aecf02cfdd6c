-- migrate:up
CREATE TABLE totals (
    consortium_id    uuid NOT NULL,
    organisation_id  uuid NOT NULL,
    line             text NOT NULL,
    realised_cents   bigint NOT NULL DEFAULT 0,
    realised_minutes bigint NOT NULL DEFAULT 0,
    declared_cents   bigint NOT NULL DEFAULT 0,
    declared_minutes bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (consortium_id, organisation_id, line)
);
COMMENT ON TABLE totals IS 'What the contributions of an organisation on a line add up to, of all days: what all regions side by side are made of.';
COMMENT ON COLUMN totals.declared_cents IS 'Declared or verified, and not accepted yet.';

CREATE INDEX contributions_by_day ON contributions (consortium_id, day);

-- What a row is now is added, what it was before is taken off; in the order of the key, so that two never wait for each other.
CREATE FUNCTION keep_totals() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text := 'SELECT 1 AS sign, * FROM fresh';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        moved := moved || ' UNION ALL SELECT -1, * FROM stale';
    END IF;
    EXECUTE format($insert$
        INSERT INTO totals AS kept
        SELECT consortium_id, organisation_id, line,
               coalesce(sum(sign * cents) FILTER (WHERE state = 'accepted'), 0),
               coalesce(sum(sign * minutes) FILTER (WHERE state = 'accepted'), 0),
               coalesce(sum(sign * cents) FILTER (WHERE state IN ('declared', 'verified')), 0),
               coalesce(sum(sign * minutes) FILTER (WHERE state IN ('declared', 'verified')), 0)
        FROM (%s) AS moved
        GROUP BY consortium_id, organisation_id, line
        ORDER BY consortium_id, organisation_id, line
        ON CONFLICT (consortium_id, organisation_id, line) DO UPDATE SET
            realised_cents = kept.realised_cents + excluded.realised_cents,
            realised_minutes = kept.realised_minutes + excluded.realised_minutes,
            declared_cents = kept.declared_cents + excluded.declared_cents,
            declared_minutes = kept.declared_minutes + excluded.declared_minutes
        $insert$, moved);
    RETURN NULL;
END;
$$;
CREATE TRIGGER contributions_came AFTER INSERT ON contributions
    REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION keep_totals();
CREATE TRIGGER contributions_moved AFTER UPDATE ON contributions
    REFERENCING NEW TABLE AS fresh OLD TABLE AS stale FOR EACH STATEMENT EXECUTE FUNCTION keep_totals();

ALTER TABLE contributions NO FORCE ROW LEVEL SECURITY;
INSERT INTO totals
SELECT consortium_id, organisation_id, line,
       coalesce(sum(cents) FILTER (WHERE state = 'accepted'), 0),
       coalesce(sum(minutes) FILTER (WHERE state = 'accepted'), 0),
       coalesce(sum(cents) FILTER (WHERE state IN ('declared', 'verified')), 0),
       coalesce(sum(minutes) FILTER (WHERE state IN ('declared', 'verified')), 0)
FROM contributions
GROUP BY consortium_id, organisation_id, line;
ALTER TABLE contributions FORCE ROW LEVEL SECURITY;

-- migrate:down
DROP TABLE totals;
DROP FUNCTION keep_totals() CASCADE;
DROP INDEX contributions_by_day;

-- migrate:up
CREATE TABLE region_closures (
    consortium_id uuid PRIMARY KEY,
    closed        boolean NOT NULL,
    reason        text NOT NULL,
    since         timestamptz NOT NULL,
    closed_by     text,
    seq           bigint NOT NULL
);
COMMENT ON TABLE region_closures IS '[installation] Regions that were closed once, and whether they are now: no command is taken for those that are.';
COMMENT ON COLUMN region_closures.reason IS 'Why it was closed, or opened again.';
COMMENT ON COLUMN region_closures.since IS 'Since when it is closed, or open again.';
COMMENT ON COLUMN region_closures.closed_by IS 'Issuer and subject of the operator, where the operator came: at partners.';
COMMENT ON COLUMN region_closures.seq IS 'Version of the region at which this was so.';

CREATE FUNCTION closure_lock(region uuid) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$ SELECT hashtextextended('closure:' || region::text, 0) $$;

CREATE FUNCTION closed_among(regions uuid[]) RETURNS SETOF uuid
LANGUAGE plpgsql AS $$
DECLARE
    region uuid;
BEGIN
    FOR region IN SELECT DISTINCT unnest(regions) ORDER BY 1 LOOP
        PERFORM pg_advisory_xact_lock_shared(closure_lock(region));
    END LOOP;
    RETURN QUERY SELECT consortium_id FROM region_closures WHERE closed AND consortium_id = ANY (regions);
END $$;

CREATE FUNCTION refuse_closed(region uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(closure_lock(region));
    IF EXISTS (SELECT FROM region_closures WHERE consortium_id = region AND closed) THEN
        RAISE EXCEPTION USING ERRCODE = 'SPCLO', MESSAGE = 'this region is closed';
    END IF;
END $$;

-- migrate:down
DROP FUNCTION refuse_closed, closed_among, closure_lock;
DROP TABLE region_closures;

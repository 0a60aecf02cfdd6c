-- migrate:up

-- What was claimed, across regions: nothing but keyed hashes, and nobody reads the table. The functions answer only about
-- fingerprints that the caller has, and so about evidence and hours that it holds itself.
CREATE TABLE fingerprints (
    fingerprint bytea NOT NULL,
    place bytea NOT NULL,
    PRIMARY KEY (fingerprint, place)
);
COMMENT ON TABLE fingerprints IS '[guarded] That something was claimed at some place, across regions, as keyed hashes of both. Reached through functions only.';

CREATE TABLE fingerprint_claims (
    consortium_id uuid NOT NULL,
    contribution_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    place bytea NOT NULL,
    PRIMARY KEY (consortium_id, contribution_id, fingerprint)
);
CREATE INDEX fingerprint_claims_of_one ON fingerprint_claims (consortium_id, fingerprint);
COMMENT ON TABLE fingerprint_claims IS 'Which of the region''s own contributions claimed what, so that it is free again when they leave the books.';

CREATE FUNCTION places_of_fingerprints(wanted bytea[]) RETURNS TABLE (fingerprint bytea, place bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT known.fingerprint, known.place FROM public.fingerprints AS known WHERE known.fingerprint = ANY (wanted)
$$;

CREATE FUNCTION add_fingerprints(made bytea[], places bytea[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    INSERT INTO public.fingerprints (fingerprint, place)
    SELECT DISTINCT fingerprint, place FROM unnest(made, places) AS new (fingerprint, place) ORDER BY fingerprint, place
    ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION drop_fingerprints(gone bytea[], places bytea[]) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    DELETE FROM public.fingerprints
    WHERE (fingerprint, place) IN (SELECT * FROM unnest(gone, places))
$$;

INSERT INTO fingerprints (fingerprint, place) SELECT DISTINCT fingerprint, place FROM evidence_claims;
ALTER TABLE contributions NO FORCE ROW LEVEL SECURITY;
INSERT INTO fingerprint_claims (consortium_id, contribution_id, fingerprint, place)
SELECT contribution.consortium_id, contribution_id, fingerprint, place
FROM evidence_claims JOIN contributions AS contribution USING (contribution_id);
DROP TABLE evidence_claims;

-- migrate:down

CREATE TABLE evidence_claims (
    fingerprint bytea NOT NULL,
    contribution_id uuid NOT NULL,
    place bytea NOT NULL,
    PRIMARY KEY (fingerprint, contribution_id)
);
CREATE INDEX evidence_claims_of_contribution ON evidence_claims (contribution_id);
COMMENT ON TABLE evidence_claims IS '[installation] Which evidence was claimed, across regions, as keyed hashes of evidence and of place: it tells only that something was claimed elsewhere.';
ALTER TABLE fingerprint_claims NO FORCE ROW LEVEL SECURITY;
INSERT INTO evidence_claims (fingerprint, contribution_id, place)
SELECT fingerprint, contribution_id, place FROM fingerprint_claims;
DROP FUNCTION places_of_fingerprints, add_fingerprints, drop_fingerprints;
DROP TABLE fingerprint_claims, fingerprints;

-- migrate:up

-- A commitment may be to an organisation, under a code, until a day; it is claimed in parts and given back in parts.
ALTER TABLE reservations
    ADD COLUMN code text,
    ADD COLUMN organisation_id uuid,
    ADD COLUMN expires_on date,
    ADD COLUMN expired_at timestamptz,
    ADD COLUMN claimed_cents bigint NOT NULL DEFAULT 0 CHECK (claimed_cents >= 0),
    ADD COLUMN decommitted_cents bigint NOT NULL DEFAULT 0 CHECK (decommitted_cents >= 0),
    ADD CONSTRAINT reservations_code UNIQUE (consortium_id, code),
    ADD CONSTRAINT reservations_not_overclaimed CHECK (claimed_cents + decommitted_cents <= cents);
CREATE INDEX reservations_organisation ON reservations (consortium_id, organisation_id, reservation_id)
    WHERE organisation_id IS NOT NULL;

-- What was approved of a line's commitments is claimed: it counts against the line for good.
ALTER TABLE budget_lines
    ADD COLUMN claimed_cents bigint NOT NULL DEFAULT 0 CHECK (claimed_cents >= 0),
    DROP CONSTRAINT budget_lines_not_exceeded,
    ADD CONSTRAINT budget_lines_not_exceeded
        CHECK (reserved_cents + committed_cents + claimed_cents <= allocated_cents),
    ADD CONSTRAINT budget_lines_unallocated_unclaimed CHECK (kind <> 'unallocated' OR claimed_cents = 0);

CREATE TABLE claims (
    consortium_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    reservation_id uuid NOT NULL,
    line text NOT NULL,
    organisation_id uuid,
    cents bigint NOT NULL CHECK (cents > 0),
    about text NOT NULL,
    state text NOT NULL CHECK (state IN ('submitted', 'approved', 'paid', 'refused', 'withdrawn', 'reversed')),
    submitted_by uuid NOT NULL,
    submitted_at timestamptz NOT NULL,
    decided_by uuid,
    decided_at timestamptz,
    reason_code text NOT NULL,
    reason text NOT NULL,
    paid_on date,
    paid_reference text NOT NULL,
    reversed_by uuid,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, claim_id),
    FOREIGN KEY (consortium_id, reservation_id) REFERENCES reservations (consortium_id, reservation_id),
    CONSTRAINT claims_decided_by_another CHECK (state = 'withdrawn' OR decided_by <> submitted_by),
    CONSTRAINT claims_decided_by_somebody CHECK ((state IN ('submitted', 'withdrawn')) = (decided_by IS NULL)),
    CONSTRAINT claims_reversed_by_another CHECK (reversed_by <> decided_by),
    CHECK ((state = 'reversed') = (reversed_by IS NOT NULL)),
    CHECK ((state = 'paid') = (paid_on IS NOT NULL))
);
COMMENT ON TABLE claims IS 'What is claimed of commitments, in parts: asked by one person, decided by another, paid.';
CREATE INDEX claims_commitment ON claims (consortium_id, reservation_id, claim_id);
CREATE INDEX claims_organisation ON claims (consortium_id, organisation_id, claim_id);

CREATE TABLE claim_evidence (
    consortium_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    position smallint NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    media_type text NOT NULL,
    kept_at text NOT NULL,
    PRIMARY KEY (consortium_id, claim_id, position),
    UNIQUE (consortium_id, claim_id, sha256),
    FOREIGN KEY (consortium_id, claim_id) REFERENCES claims (consortium_id, claim_id)
);
COMMENT ON TABLE claim_evidence IS '[append-only] What proves a claim, by reference: the hash of a document, its type, and where it is kept.';

-- What a commitment says is claimed of it is what its claims add up to, whoever wrote them.
CREATE FUNCTION refuse_overclaimed_commitment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    said bigint;
    live numeric;
BEGIN
    SELECT claimed_cents INTO said FROM reservations
    WHERE consortium_id = NEW.consortium_id AND reservation_id = NEW.reservation_id;
    SELECT coalesce(sum(cents), 0) INTO live FROM claims
    WHERE consortium_id = NEW.consortium_id AND reservation_id = NEW.reservation_id
      AND state IN ('submitted', 'approved', 'paid');
    IF live IS DISTINCT FROM said THEN
        RAISE EXCEPTION 'commitment % says % cents are claimed of it, and its claims add up to %', NEW.reservation_id,
            said, live USING ERRCODE = 'check_violation', CONSTRAINT = 'claims_add_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER claims_add_up AFTER INSERT OR UPDATE ON claims
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_overclaimed_commitment();

CREATE TABLE commitments_to_expire (
    consortium_id uuid NOT NULL,
    reservation_id uuid NOT NULL,
    expires_on date NOT NULL,
    PRIMARY KEY (consortium_id, reservation_id)
);
COMMENT ON TABLE commitments_to_expire IS '[installation] Commitments that end on a day, of all regions: ids and days only.';
CREATE INDEX commitments_to_expire_day ON commitments_to_expire (expires_on);

-- migrate:down

DROP TABLE commitments_to_expire, claim_evidence, claims;
DROP FUNCTION refuse_overclaimed_commitment;
ALTER TABLE budget_lines
    DROP CONSTRAINT budget_lines_not_exceeded, DROP CONSTRAINT budget_lines_unallocated_unclaimed,
    DROP COLUMN claimed_cents,
    ADD CONSTRAINT budget_lines_not_exceeded CHECK (reserved_cents + committed_cents <= allocated_cents);
ALTER TABLE reservations
    DROP CONSTRAINT reservations_not_overclaimed, DROP CONSTRAINT reservations_code,
    DROP COLUMN code, DROP COLUMN organisation_id, DROP COLUMN expires_on, DROP COLUMN expired_at,
    DROP COLUMN claimed_cents, DROP COLUMN decommitted_cents;

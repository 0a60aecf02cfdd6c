-- migrate:up
ALTER TABLE persons
    ADD COLUMN erasure_asked_at timestamptz,
    ADD COLUMN erasure_asked_by uuid,
    ADD COLUMN erasure_reason text,
    ADD COLUMN erased_at timestamptz,
    ADD CONSTRAINT persons_nobody_left CHECK (
        erasure_asked_at IS NULL AND erased_at IS NULL
        OR erasure_asked_at IS NOT NULL AND email = '' AND organisation_id IS NULL AND roles = '{}'
           AND (erased_at IS NULL OR name = '' AND code = person_id::text)
    );
COMMENT ON COLUMN persons.erased_at IS 'Since then nothing is left of the person but the id that the books hold. Asked for and not erased: the name is held.';

CREATE TABLE legal_holds (
    consortium_id uuid NOT NULL,
    person_id     uuid NOT NULL,
    code          text NOT NULL,
    until_day     date NOT NULL,
    reason        text NOT NULL CHECK (reason <> ''),
    set_by        uuid,
    set_at        timestamptz NOT NULL,
    version       bigint NOT NULL,
    PRIMARY KEY (consortium_id, person_id, code)
);
COMMENT ON TABLE legal_holds IS 'Until when the name of a person is kept although it is to be erased, and why. Without set_by: by rule, for what the person did in the books.';

CREATE TABLE erasures (
    consortium_id uuid NOT NULL,
    person_id     uuid NOT NULL,
    PRIMARY KEY (consortium_id, person_id)
);
COMMENT ON TABLE erasures IS '[installation] Erasures that wait for the end of a hold, of all regions: ids only.';

-- migrate:down
DROP TABLE erasures, legal_holds;
ALTER TABLE persons DROP CONSTRAINT persons_nobody_left, DROP COLUMN erased_at, DROP COLUMN erasure_reason,
    DROP COLUMN erasure_asked_by, DROP COLUMN erasure_asked_at;

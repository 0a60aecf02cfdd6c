-- migrate:up

-- Who did what with a contribution: each step by somebody else, and above an amount two who accept.
ALTER TABLE contributions
    ADD COLUMN verified_how text CHECK (verified_how IN ('rule', 'school', 'office')),
    ADD COLUMN approved_by uuid,
    ADD COLUMN rejected_by uuid,
    ADD COLUMN rejected_code text,
    ADD COLUMN rejected_note text,
    ADD CONSTRAINT contributions_verified_by_another CHECK (verified_by <> declared_by),
    ADD CONSTRAINT contributions_approved_by_another
        CHECK (approved_by <> declared_by AND approved_by <> verified_by AND approved_by <> accepted_by),
    ADD CONSTRAINT contributions_rejected_with_a_code CHECK (rejected_by IS NULL OR rejected_code IS NOT NULL);
COMMENT ON COLUMN contributions.declared_by IS 'The person who declared it; null when a system did, which sender names.';
COMMENT ON COLUMN contributions.verified_how IS 'By rule, by the school or by the office; null on rows from before it was kept.';
COMMENT ON COLUMN contributions.approved_by IS 'The first of the two persons who accept it, where it is worth so much that two must.';

-- migrate:down

ALTER TABLE contributions
    DROP CONSTRAINT contributions_verified_by_another, DROP CONSTRAINT contributions_approved_by_another,
    DROP CONSTRAINT contributions_rejected_with_a_code,
    DROP COLUMN verified_how, DROP COLUMN approved_by, DROP COLUMN rejected_by, DROP COLUMN rejected_code,
    DROP COLUMN rejected_note;

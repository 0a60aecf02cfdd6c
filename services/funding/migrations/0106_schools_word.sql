-- migrate:up

-- The school that received a contribution has the word, where a rule of the scheme asks it.
ALTER TABLE contributions
    ADD COLUMN school_id uuid,
    ADD COLUMN school_word text CHECK (school_word IN ('asked', 'yes', 'no')),
    ADD COLUMN school_by uuid,
    ADD CONSTRAINT contributions_not_verified_before_the_school
        CHECK (state NOT IN ('verified', 'accepted') OR school_word IS DISTINCT FROM 'asked'),
    ADD CONSTRAINT contributions_school_is_another CHECK (school_id <> organisation_id OR school_word IS NULL),
    ADD CONSTRAINT contributions_school_word_by_another
        CHECK (school_by <> declared_by AND school_by <> approved_by AND school_by <> accepted_by);
CREATE INDEX contributions_by_school_word ON contributions (consortium_id, school_word, contribution_id)
    WHERE school_word IS NOT NULL;
COMMENT ON COLUMN contributions.school_id IS 'The school that received it; null as long as its activity was not confirmed, or where no rule asks its word.';
COMMENT ON COLUMN contributions.school_word IS 'What the school says of it; null where no rule asks its word.';
COMMENT ON COLUMN contributions.school_by IS 'The person of the school who said so; null when a confirmed lesson did.';
ALTER TABLE lessons ADD COLUMN school_id uuid;
COMMENT ON COLUMN lessons.school_id IS 'The school that confirmed it; null on rows from before it was kept.';

-- migrate:down

ALTER TABLE lessons DROP COLUMN school_id;
DROP INDEX contributions_by_school_word;
ALTER TABLE contributions
    DROP CONSTRAINT contributions_not_verified_before_the_school, DROP CONSTRAINT contributions_school_is_another,
    DROP CONSTRAINT contributions_school_word_by_another,
    DROP COLUMN school_id, DROP COLUMN school_word, DROP COLUMN school_by;

-- migrate:up
ALTER TABLE subjects ADD COLUMN audiences text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN subjects.audiences IS 'Who is reminded of it, where that is not its organisation.';
ALTER TABLE subjects ADD COLUMN first_day date, ADD COLUMN last_day date;
COMMENT ON COLUMN subjects.first_day IS 'The first day that what is handed in is about.';
ALTER TABLE subjects DROP CONSTRAINT subjects_kind_check,
    ADD CONSTRAINT subjects_kind_check CHECK (kind IN ('agreement', 'statement', 'activity', 'reporting-date'));
ALTER TABLE tellings DROP CONSTRAINT tellings_about_check,
    ADD CONSTRAINT tellings_about_check
        CHECK (about IN ('milestone', 'agreement', 'statement', 'activity', 'records', 'alarm', 'reporting-date'));
ALTER TABLE reminders DROP CONSTRAINT reminders_about_check,
    ADD CONSTRAINT reminders_about_check CHECK (about IN ('milestone', 'statement', 'reporting-date'));

-- migrate:down
ALTER TABLE reminders DROP CONSTRAINT reminders_about_check,
    ADD CONSTRAINT reminders_about_check CHECK (about IN ('milestone', 'statement'));
ALTER TABLE tellings DROP CONSTRAINT tellings_about_check,
    ADD CONSTRAINT tellings_about_check CHECK (about IN ('milestone', 'agreement', 'statement', 'activity', 'records', 'alarm'));
ALTER TABLE subjects DROP CONSTRAINT subjects_kind_check,
    ADD CONSTRAINT subjects_kind_check CHECK (kind IN ('agreement', 'statement', 'activity'));
ALTER TABLE subjects DROP COLUMN last_day, DROP COLUMN first_day, DROP COLUMN audiences;

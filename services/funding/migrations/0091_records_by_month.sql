-- migrate:up

-- What came in, and what was booked, in a month: both tables grow in the order of these moments, so a range of blocks is
-- enough to find a month, and costs next to nothing when a record comes in.
CREATE INDEX intake_records_received ON intake_records USING brin (received_at);
CREATE INDEX journal_entries_recorded ON journal_entries USING brin (recorded_at);

-- migrate:down
DROP INDEX journal_entries_recorded, intake_records_received;

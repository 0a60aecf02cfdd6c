-- migrate:up

-- The one question that every booking asks. It locks before it looks, in two statements of their own, so that a closing
-- that was waited for is seen.
CREATE FUNCTION keep_period_open(region uuid) RETURNS date LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM FROM consortia WHERE consortium_id = region FOR KEY SHARE;
    RETURN (SELECT max(until_day) FROM period_closings WHERE consortium_id = region);
END $$;

-- What is closed stays closed, whoever writes.
CREATE FUNCTION refuse_entry_of_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    late record;
BEGIN
    SELECT booked.entry_id, booked.day, closed.until_day INTO late FROM booked
    JOIN (SELECT consortium_id, max(until_day) AS until_day FROM period_closings GROUP BY consortium_id) AS closed
        USING (consortium_id)
    WHERE booked.day <= closed.until_day
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'journal entry % is of %, and the period until % is closed', late.entry_id, late.day,
            late.until_day USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entries_open_period';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_entries_open_period AFTER INSERT ON journal_entries
    REFERENCING NEW TABLE AS booked FOR EACH STATEMENT EXECUTE FUNCTION refuse_entry_of_closed_period();

-- migrate:down

DROP TRIGGER journal_entries_open_period ON journal_entries;
DROP FUNCTION refuse_entry_of_closed_period, keep_period_open;

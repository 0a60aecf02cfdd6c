-- migrate:up

-- Every posting beyond the second made the whole entry be added up again, which for a division over a thousand lines is a
-- million rows. Now an entry is added up once, when its transaction commits, and its postings stand in places 1 to
-- posting_count without a gap; so a posting that is added later can only stand beyond them, and is refused for that.
CREATE OR REPLACE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
    cents_off numeric;
    minutes_off numeric;
    first_place smallint;
    last_place smallint;
BEGIN
    SELECT count(*), coalesce(sum(cents), 0), coalesce(sum(minutes), 0), min(position), max(position)
    INTO found, cents_off, minutes_off, first_place, last_place FROM postings
    WHERE consortium_id = NEW.consortium_id AND entry_id = NEW.entry_id;
    IF NEW.posting_count IS DISTINCT FROM found OR cents_off <> 0 OR minutes_off <> 0
       OR first_place IS DISTINCT FROM 1 OR last_place IS DISTINCT FROM NEW.posting_count THEN
        RAISE EXCEPTION 'journal entry % does not balance: % of % postings, off by % cents and % minutes',
            NEW.entry_id, found, NEW.posting_count, cents_off, minutes_off
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entries_balance';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_posting_too_many() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    expected smallint;
BEGIN
    SELECT posting_count INTO expected FROM journal_entries
    WHERE consortium_id = NEW.consortium_id AND entry_id = NEW.entry_id;
    IF NEW.position > expected THEN
        RAISE EXCEPTION 'journal entry % does not balance: it has % postings, and this one would be number %',
            NEW.entry_id, expected, NEW.position
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entries_balance';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER postings_balance ON postings;
-- The first two places are taken with the entry itself, which has two postings at least.
CREATE CONSTRAINT TRIGGER postings_balance AFTER INSERT ON postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.position > 2) EXECUTE FUNCTION refuse_posting_too_many();

-- migrate:down
CREATE OR REPLACE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    expected smallint;
    found bigint;
    cents_off numeric;
    minutes_off numeric;
BEGIN
    SELECT posting_count INTO expected FROM journal_entries
    WHERE consortium_id = NEW.consortium_id AND entry_id = NEW.entry_id;
    SELECT count(*), coalesce(sum(cents), 0), coalesce(sum(minutes), 0) INTO found, cents_off, minutes_off FROM postings
    WHERE consortium_id = NEW.consortium_id AND entry_id = NEW.entry_id;
    IF expected IS DISTINCT FROM found OR cents_off <> 0 OR minutes_off <> 0 THEN
        RAISE EXCEPTION 'journal entry % does not balance: % of % postings, off by % cents and % minutes',
            NEW.entry_id, found, expected, cents_off, minutes_off
            USING ERRCODE = 'check_violation', CONSTRAINT = 'journal_entries_balance';
    END IF;
    RETURN NULL;
END $$;
DROP TRIGGER postings_balance ON postings;
CREATE CONSTRAINT TRIGGER postings_balance AFTER INSERT ON postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.position > 2) EXECUTE FUNCTION refuse_unbalanced_entry();
DROP FUNCTION refuse_posting_too_many;

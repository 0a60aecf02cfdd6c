-- migrate:up

-- The journal. An entry and its postings are written once, together, and never touched again.
CREATE TABLE journal_entries (
    consortium_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    entry_no bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL CHECK (kind <> ''),
    day date NOT NULL,
    reason text NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    reverses uuid,
    posting_count smallint NOT NULL CHECK (posting_count >= 2),
    recorded_at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    PRIMARY KEY (consortium_id, entry_id),
    UNIQUE (consortium_id, entry_no),
    UNIQUE (consortium_id, reverses),
    FOREIGN KEY (consortium_id, reverses) REFERENCES journal_entries (consortium_id, entry_id)
);
COMMENT ON TABLE journal_entries IS '[append-only] What was booked: when it is true, when and by whom it was recorded, and for what. entry_no only serves paging.';
CREATE INDEX journal_entries_subject ON journal_entries (consortium_id, subject_kind, subject_id, entry_no);

CREATE TABLE postings (
    consortium_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    position smallint NOT NULL,
    account text NOT NULL CHECK (account ~ '^[a-z]+(/[A-Za-z0-9._-]+)+$'),
    cents bigint NOT NULL,
    minutes bigint NOT NULL,
    PRIMARY KEY (consortium_id, entry_id, position),
    UNIQUE (consortium_id, account, entry_id),
    FOREIGN KEY (consortium_id, entry_id) REFERENCES journal_entries (consortium_id, entry_id),
    CHECK (cents <> 0 OR minutes <> 0)
);
COMMENT ON TABLE postings IS '[append-only] The sides of the entries: debit positive, credit negative, in cents and in minutes.';

-- An entry has all its postings and balances when its transaction commits; a posting added to it later is one too many.
CREATE FUNCTION refuse_unbalanced_entry() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unbalanced_entry();
-- Postings beyond an entry's first two: those two are checked with the entry itself.
CREATE CONSTRAINT TRIGGER postings_balance AFTER INSERT ON postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.position > 2) EXECUTE FUNCTION refuse_unbalanced_entry();

CREATE TABLE accounts (
    consortium_id uuid NOT NULL,
    account text COLLATE "C" NOT NULL,
    cents bigint NOT NULL,
    minutes bigint NOT NULL,
    postings bigint NOT NULL,
    PRIMARY KEY (consortium_id, account)
);
COMMENT ON TABLE accounts IS 'The balance of each account: the sum of its postings, kept in the transaction that books them.';

-- Sealing: batches of entries, each hashed over the one before and signed.
CREATE TABLE unsealed_entries (
    consortium_id uuid NOT NULL,
    entry_id uuid NOT NULL,
    PRIMARY KEY (consortium_id, entry_id)
);
COMMENT ON TABLE unsealed_entries IS '[installation] Entries that no seal covers yet, of all regions: ids only. Filled by the journal itself, emptied by the sealer.';

CREATE FUNCTION await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unsealed_entries (consortium_id, entry_id)
    SELECT consortium_id, entry_id FROM booked ORDER BY consortium_id, entry_id;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_entries_await_seal AFTER INSERT ON journal_entries
    REFERENCING NEW TABLE AS booked FOR EACH STATEMENT EXECUTE FUNCTION await_seal();

CREATE TABLE ledger_seals (
    consortium_id uuid NOT NULL,
    batch bigint NOT NULL CHECK (batch > 0),
    entry_count bigint NOT NULL CHECK (entry_count > 0),
    previous text NOT NULL CHECK (previous ~ '^[0-9a-f]{64}$'),
    head text NOT NULL CHECK (head ~ '^[0-9a-f]{64}$'),
    sealed_at timestamptz NOT NULL,
    key_id text NOT NULL,
    signature text NOT NULL,
    PRIMARY KEY (consortium_id, batch),
    UNIQUE (consortium_id, head)
);
COMMENT ON TABLE ledger_seals IS '[append-only] The chain of a region: per batch the number of entries so far, the hash before, the hash after, and the signature.';

CREATE TABLE sealed_entries (
    consortium_id uuid NOT NULL,
    batch bigint NOT NULL,
    position integer NOT NULL,
    entry_id uuid NOT NULL,
    entry_hash text NOT NULL CHECK (entry_hash ~ '^[0-9a-f]{64}$'),
    PRIMARY KEY (consortium_id, batch, position),
    UNIQUE (consortium_id, entry_id),
    FOREIGN KEY (consortium_id, batch) REFERENCES ledger_seals (consortium_id, batch),
    FOREIGN KEY (consortium_id, entry_id) REFERENCES journal_entries (consortium_id, entry_id)
);
COMMENT ON TABLE sealed_entries IS '[append-only] Which entries a batch covers, in the order in which they were hashed, with the hash of each.';

CREATE TABLE seal_keys (
    key_id text PRIMARY KEY,
    public_key text NOT NULL,
    first_used_at timestamptz NOT NULL
);
COMMENT ON TABLE seal_keys IS '[installation] [append-only] Public keys that seals were signed with, as hexadecimal Ed25519.';

-- Schemes: rules are added, never changed; which one held is a question of two dates.
CREATE TABLE schemes (
    consortium_id uuid NOT NULL,
    scheme_id uuid NOT NULL,
    code text NOT NULL,
    title text NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, scheme_id),
    UNIQUE (consortium_id, code)
);
COMMENT ON TABLE schemes IS 'The subsidy schemes of a region.';

CREATE TABLE scheme_rules (
    consortium_id uuid NOT NULL,
    scheme_id uuid NOT NULL,
    code text NOT NULL,
    about text NOT NULL,
    terms jsonb NOT NULL,
    valid_from date NOT NULL,
    valid_until date CHECK (valid_until >= valid_from),
    known_from date NOT NULL,
    source text NOT NULL,
    reason text NOT NULL,
    flagged boolean NOT NULL,
    PRIMARY KEY (consortium_id, scheme_id, code),
    FOREIGN KEY (consortium_id, scheme_id) REFERENCES schemes (consortium_id, scheme_id)
);
COMMENT ON TABLE scheme_rules IS '[append-only] The rules of the schemes, with the days they hold for and the day they became known.';

-- Grants.
CREATE TABLE grants (
    consortium_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    code text NOT NULL,
    scheme text NOT NULL,
    awarded_cents bigint NOT NULL CHECK (awarded_cents > 0),
    from_day date NOT NULL,
    until_day date NOT NULL CHECK (until_day >= from_day),
    awarded_on date NOT NULL,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, grant_id),
    UNIQUE (consortium_id, code)
);
COMMENT ON TABLE grants IS 'Grants as first awarded.';

CREATE TABLE grant_supplements (
    consortium_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    supplement_id uuid NOT NULL,
    code text NOT NULL,
    cents bigint NOT NULL CHECK (cents >= 0),
    until_day date NOT NULL,
    awarded_on date NOT NULL,
    reason text NOT NULL,
    position smallint NOT NULL,
    PRIMARY KEY (consortium_id, grant_id, supplement_id),
    UNIQUE (consortium_id, grant_id, code),
    UNIQUE (consortium_id, grant_id, position),
    FOREIGN KEY (consortium_id, grant_id) REFERENCES grants (consortium_id, grant_id)
);
COMMENT ON TABLE grant_supplements IS '[append-only] More money for a grant, more time, or both, in the order in which they came.';

-- Allocations.
CREATE TABLE allocations (
    consortium_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    grant_id uuid NOT NULL,
    code text NOT NULL,
    number integer NOT NULL CHECK (number > 0),
    plan jsonb NOT NULL,
    grant_cents bigint NOT NULL,
    effective_on date NOT NULL,
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'approved', 'superseded')),
    proposed_by uuid NOT NULL,
    proposed_at timestamptz NOT NULL,
    approved_by uuid,
    approved_at timestamptz,
    supersedes uuid,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, allocation_id),
    UNIQUE (consortium_id, grant_id, number),
    FOREIGN KEY (consortium_id, grant_id) REFERENCES grants (consortium_id, grant_id),
    CHECK (approved_by <> proposed_by),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK (state <> 'approved' OR approved_by IS NOT NULL)
);
COMMENT ON TABLE allocations IS 'Versions of the division of a grant: proposed by one person, approved by another, superseded by the next.';
CREATE UNIQUE INDEX allocations_one_in_force ON allocations (consortium_id, grant_id) WHERE state = 'approved';
CREATE INDEX allocations_code ON allocations (consortium_id, code, number);

CREATE TABLE allocation_lines (
    consortium_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    position smallint NOT NULL,
    line text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('spearhead', 'location', 'unallocated')),
    envelope text NOT NULL,
    cents bigint NOT NULL CHECK (cents >= 0),
    PRIMARY KEY (consortium_id, allocation_id, position),
    UNIQUE (consortium_id, allocation_id, line),
    FOREIGN KEY (consortium_id, allocation_id) REFERENCES allocations (consortium_id, allocation_id)
);
COMMENT ON TABLE allocation_lines IS '[append-only] What a version gives to each line; the row unallocated is the rest of the grant.';

CREATE FUNCTION refuse_inexact_allocation() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    given numeric;
BEGIN
    SELECT coalesce(sum(cents), 0) INTO given FROM allocation_lines
    WHERE consortium_id = NEW.consortium_id AND allocation_id = NEW.allocation_id;
    IF given <> NEW.grant_cents THEN
        RAISE EXCEPTION 'allocation % divides % cents of a grant of %', NEW.allocation_id, given, NEW.grant_cents
            USING ERRCODE = 'check_violation', CONSTRAINT = 'allocations_exact';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER allocations_exact AFTER INSERT OR UPDATE ON allocations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_inexact_allocation();

-- Budgets: the one row per line that everybody who spends has to pass.
CREATE TABLE budget_lines (
    consortium_id uuid NOT NULL,
    line text COLLATE "C" NOT NULL,
    kind text NOT NULL CHECK (kind IN ('spearhead', 'location', 'unallocated')),
    allocated_cents bigint NOT NULL CHECK (allocated_cents >= 0),
    reserved_cents bigint NOT NULL DEFAULT 0 CHECK (reserved_cents >= 0),
    committed_cents bigint NOT NULL DEFAULT 0 CHECK (committed_cents >= 0),
    PRIMARY KEY (consortium_id, line),
    CONSTRAINT budget_lines_not_exceeded CHECK (reserved_cents + committed_cents <= allocated_cents),
    CHECK (kind <> 'unallocated' OR reserved_cents + committed_cents = 0)
);
COMMENT ON TABLE budget_lines IS 'What a line was given, has set aside and has committed: never more than it was given, whatever runs in parallel.';

CREATE TABLE reservations (
    consortium_id uuid NOT NULL,
    reservation_id uuid NOT NULL,
    line text,
    cents bigint NOT NULL CHECK (cents >= 0),
    purpose text NOT NULL,
    state text NOT NULL CHECK (state IN ('reserved', 'confirmed', 'released')),
    available_cents bigint NOT NULL,
    reserved_by text NOT NULL,
    reserved_at timestamptz NOT NULL,
    confirmed_at timestamptz,
    released_at timestamptz,
    version bigint NOT NULL,
    PRIMARY KEY (consortium_id, reservation_id),
    FOREIGN KEY (consortium_id, line) REFERENCES budget_lines (consortium_id, line),
    CHECK (state <> 'confirmed' OR confirmed_at IS NOT NULL),
    CHECK (line IS NOT NULL OR state = 'released')
);
COMMENT ON TABLE reservations IS 'Money set aside under the caller''s own id, which stays its key for ever. Without a line: released before it ever arrived.';
CREATE INDEX reservations_line ON reservations (consortium_id, line, reservation_id);

-- migrate:down

DROP TABLE reservations, budget_lines, allocation_lines, allocations, grant_supplements, grants, scheme_rules, schemes,
    seal_keys, sealed_entries, ledger_seals, unsealed_entries, accounts, postings, journal_entries CASCADE;
DROP FUNCTION refuse_inexact_allocation, await_seal, refuse_unbalanced_entry;

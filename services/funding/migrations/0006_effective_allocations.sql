-- migrate:up

-- An approved division waits for its day; the one whose budgets count is effective. Row-level security would hide the rows
-- from the owner; every migration ends with laying it anew.
ALTER TABLE allocations NO FORCE ROW LEVEL SECURITY;
ALTER TABLE allocation_lines NO FORCE ROW LEVEL SECURITY;
ALTER TABLE allocations DROP CONSTRAINT allocations_state_check;
ALTER TABLE allocations ADD CONSTRAINT allocations_state_check
    CHECK (state IN ('proposed', 'approved', 'effective', 'superseded'));
ALTER TABLE allocations ADD CONSTRAINT allocations_effective_is_approved
    CHECK (state <> 'effective' OR approved_by IS NOT NULL);
DROP INDEX allocations_one_in_force;
CREATE UNIQUE INDEX allocations_one_effective ON allocations (consortium_id, grant_id) WHERE state = 'effective';
CREATE UNIQUE INDEX allocations_one_to_come ON allocations (consortium_id, grant_id) WHERE state = 'approved';

CREATE TABLE allocations_to_come (
    consortium_id uuid NOT NULL,
    allocation_id uuid NOT NULL,
    effective_on date NOT NULL,
    PRIMARY KEY (consortium_id, allocation_id)
);
COMMENT ON TABLE allocations_to_come IS '[installation] Approved divisions that wait for their day, of all regions: ids and days only.';
CREATE INDEX allocations_to_come_day ON allocations_to_come (effective_on);

UPDATE allocations SET state = 'effective' WHERE state = 'approved';

-- migrate:down

DROP TABLE allocations_to_come;
DROP INDEX allocations_one_to_come, allocations_one_effective;
ALTER TABLE allocations DROP CONSTRAINT allocations_effective_is_approved;

-- migrate:up

-- What an organisation sent that is not in the books, for whoever reads what became of it; the rest is found by the books.
CREATE INDEX intake_records_not_booked ON intake_records (consortium_id, organisation_id) WHERE contribution_id IS NULL;

-- migrate:down

DROP INDEX intake_records_not_booked;

-- migrate:up
CREATE TABLE published (
    seq            bigint PRIMARY KEY,
    event_id       uuid NOT NULL,
    correlation_id uuid,
    trace_id       text,
    topic          text NOT NULL,
    type           text NOT NULL,
    occurred_at    timestamptz NOT NULL,
    published_at   timestamptz NOT NULL
);
CREATE INDEX published_correlation ON published (correlation_id);
COMMENT ON TABLE published IS '[installation] What was published in the last 30 days, without its content, so that a journey can be followed from where it left this service.';
COMMENT ON COLUMN published.seq IS 'Its number in the outbox: the oldest are found, and erased, by it.';

CREATE TABLE idempotency_consortia (
    consortium_id uuid PRIMARY KEY
);
COMMENT ON TABLE idempotency_consortia IS '[installation] Whose answers are kept, so that all of them can be erased after 72 hours under row-level security.';

-- migrate:down
DROP TABLE idempotency_consortia, published;

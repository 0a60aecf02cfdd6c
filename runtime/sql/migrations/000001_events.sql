-- migrate:up
CREATE TABLE outbox (
    seq               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id          uuid NOT NULL,
    consortium_id     uuid NOT NULL,
    topic             text NOT NULL,
    key               text NOT NULL,
    aggregate_kind    text NOT NULL,
    aggregate_id      uuid NOT NULL,
    aggregate_version bigint NOT NULL,
    type              text NOT NULL,
    source            text NOT NULL,
    occurred_at       timestamptz NOT NULL,
    correlation_id    uuid,
    causation_id      uuid,
    traceparent       text,
    data              bytea NOT NULL CHECK (octet_length(data) <= 65536),
    UNIQUE (consortium_id, topic, aggregate_kind, aggregate_id, aggregate_version)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE outbox IS '[installation] Facts that are committed and not yet published; the relay sends them in the order of seq and deletes them once Kafka has them.';

CREATE TABLE outbox_aside (
    seq               bigint PRIMARY KEY,
    event_id          uuid NOT NULL,
    consortium_id     uuid NOT NULL,
    topic             text NOT NULL,
    key               text NOT NULL,
    aggregate_kind    text NOT NULL,
    aggregate_id      uuid NOT NULL,
    aggregate_version bigint NOT NULL,
    type              text NOT NULL,
    source            text NOT NULL,
    occurred_at       timestamptz NOT NULL,
    correlation_id    uuid,
    causation_id      uuid,
    traceparent       text,
    data              bytea NOT NULL,
    set_aside_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_aside_topic ON outbox_aside (topic, seq);
COMMENT ON TABLE outbox_aside IS '[installation] Facts for a topic that Kafka does not know: kept in order, published once it does.';

CREATE TABLE inbox (
    event_id       text NOT NULL CHECK (octet_length(event_id) <= 1024),
    consumer       text NOT NULL,
    source         text NOT NULL,
    outcome        text NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'dead')),
    record         text NOT NULL,
    body_hash      bytea,
    type           text NOT NULL,
    correlation_id uuid,
    trace_id       text,
    occurred_at    timestamptz,
    published_at   timestamptz NOT NULL,
    handled_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (event_id, consumer, source)
);
CREATE INDEX inbox_correlation ON inbox (correlation_id) WHERE correlation_id IS NOT NULL;
COMMENT ON TABLE inbox IS '[installation] Which messages each consumer has handled, so that a message delivered twice has its effect once.';
COMMENT ON COLUMN inbox.record IS 'Topic, partition and offset of the delivery that had the effect.';
COMMENT ON COLUMN inbox.body_hash IS 'At the intake: the same id with another body is refused.';

CREATE TABLE dead_letters (
    consortium_id  uuid NOT NULL,
    dead_letter_id uuid NOT NULL,
    consumer       text NOT NULL,
    record         text NOT NULL,
    topic          text NOT NULL,
    partition      integer NOT NULL,
    "offset"       bigint NOT NULL,
    published_at   timestamptz NOT NULL,
    key            bytea,
    value          bytea,
    header_names   text[] NOT NULL,
    header_values  bytea[] NOT NULL,
    event_id       text NOT NULL,
    source         text NOT NULL,
    type           text NOT NULL,
    code           text NOT NULL,
    reason         text NOT NULL,
    stack          text[] NOT NULL,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    state          text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'replayed', 'discarded')),
    closed_at      timestamptz CHECK ((state = 'waiting') = (closed_at IS NULL)),
    closed_because text,
    PRIMARY KEY (consortium_id, dead_letter_id),
    UNIQUE (consortium_id, consumer, record)
);
COMMENT ON TABLE dead_letters IS 'Messages we failed to handle, as they came: our own failures, to replay or discard within 90 days.';
COMMENT ON COLUMN dead_letters.consortium_id IS 'All zeroes when the message does not say whose it is.';
COMMENT ON COLUMN dead_letters.stack IS 'Names of frames, never values.';

CREATE TABLE parked (
    consortium_id uuid NOT NULL,
    consumer      text NOT NULL,
    record        text NOT NULL,
    topic         text NOT NULL,
    partition     integer NOT NULL,
    "offset"      bigint NOT NULL,
    published_at  timestamptz NOT NULL,
    key           bytea NOT NULL,
    value         bytea,
    header_names  text[] NOT NULL,
    header_values bytea[] NOT NULL,
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consortium_id, consumer, record)
);
CREATE INDEX parked_in_order ON parked (consortium_id, consumer, topic, key, partition, "offset");
COMMENT ON TABLE parked IS 'Messages behind a dead letter of the same key: handled in order once that is replayed or discarded.';

CREATE TABLE blocked_keys (
    consumer       text NOT NULL,
    topic          text NOT NULL,
    key            bytea NOT NULL,
    consortium_id  uuid NOT NULL,
    dead_letter_id uuid NOT NULL,
    PRIMARY KEY (consumer, topic, key)
);
COMMENT ON TABLE blocked_keys IS '[installation] Keys with a dead letter in front: the row is locked to park behind it, and to release it.';

CREATE TABLE dead_letter_consortia (
    consortium_id uuid PRIMARY KEY
);
COMMENT ON TABLE dead_letter_consortia IS '[installation] Whose dead letters there are, so that an operator can be shown all of them under row-level security.';

CREATE TABLE consumer_pause (
    consumer  text NOT NULL,
    topic     text NOT NULL DEFAULT '',
    partition integer NOT NULL DEFAULT -1,
    because   text NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (consumer, topic, partition)
);
COMMENT ON TABLE consumer_pause IS '[installation] Consumers, or single partitions of them, that every replica holds until an operator resumes them.';

CREATE TABLE event_counts (
    consumer text NOT NULL,
    counter  text NOT NULL,
    slot     smallint NOT NULL,
    count    bigint NOT NULL,
    PRIMARY KEY (consumer, counter, slot)
) WITH (fillfactor = 50);
COMMENT ON TABLE event_counts IS '[installation] How many messages were published, consumed, refused, dead; spread over slots so that writers do not wait for each other.';

CREATE TABLE idempotency (
    consortium_id uuid NOT NULL,
    actor         text NOT NULL,
    key           text NOT NULL CHECK (octet_length(key) <= 255),
    request_hash  bytea NOT NULL,
    status        smallint CHECK (status BETWEEN 200 AND 299),
    headers       jsonb NOT NULL DEFAULT '{}',
    body          bytea CHECK (octet_length(body) <= 16384),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consortium_id, actor, key)
);
CREATE INDEX idempotency_age ON idempotency (created_at);
COMMENT ON TABLE idempotency IS 'Answers to requests that carried an Idempotency-Key, kept 72 hours so that a repeat gets the same answer.';

-- migrate:down
DROP TABLE idempotency, event_counts, consumer_pause, dead_letter_consortia, blocked_keys, parked, dead_letters, inbox,
    outbox_aside, outbox;

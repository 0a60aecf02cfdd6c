-- migrate:up
CREATE TABLE walkers (
    consortium_id uuid NOT NULL,
    walker_id     uuid NOT NULL,
    version       bigint NOT NULL,
    PRIMARY KEY (consortium_id, walker_id)
);
COMMENT ON TABLE walkers IS 'Aggregates that only count.';

CREATE TABLE effects (
    consortium_id uuid NOT NULL,
    position      bigint GENERATED ALWAYS AS IDENTITY,
    walker_id     uuid NOT NULL,
    step          bigint NOT NULL,
    event_id      text NOT NULL,
    PRIMARY KEY (consortium_id, position)
);
COMMENT ON TABLE effects IS '[append-only] What was heard of the walkers, in the order in which it was heard.';

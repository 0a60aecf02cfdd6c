-- migrate:up
CREATE TABLE contributions (
    consortium_id   uuid NOT NULL,
    contribution_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    line            text NOT NULL,
    day             date NOT NULL,
    kind            text NOT NULL,
    minutes         bigint NOT NULL CHECK (minutes >= 0),
    value_cents     bigint NOT NULL CHECK (value_cents >= 0),
    rule            text NOT NULL,
    origin          text NOT NULL CHECK (origin IN ('intake', 'rest', 'lesson')),
    activity_id     uuid,
    activity_ref    text,
    state           text NOT NULL CHECK (state IN ('verified', 'accepted')),
    accepted_by     uuid CHECK ((state = 'accepted') = (accepted_by IS NOT NULL)),
    version         bigint NOT NULL,
    PRIMARY KEY (consortium_id, contribution_id),
    UNIQUE (consortium_id, activity_id)
);
COMMENT ON TABLE contributions IS 'What organisations brought in, valued by the rule of its day; one at most for an activity, so no hour counts twice.';
CREATE INDEX contributions_to_accept ON contributions (consortium_id, day) WHERE state = 'verified';

-- migrate:down
DROP TABLE contributions;

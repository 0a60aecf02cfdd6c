-- migrate:up
CREATE TABLE alarms (
    alarm_id      uuid PRIMARY KEY,
    key           text NOT NULL,
    kind          text NOT NULL,
    about         text NOT NULL,
    region        uuid,
    amount        bigint NOT NULL,
    bound         bigint NOT NULL,
    day           date,
    title         text NOT NULL,
    raised_at     timestamptz NOT NULL,
    cleared_at    timestamptz,
    raised_told   boolean NOT NULL DEFAULT false,
    cleared_told  boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX alarms_open ON alarms (key) WHERE cleared_at IS NULL;
CREATE INDEX alarms_untold ON alarms (raised_at) WHERE NOT raised_told OR (cleared_at IS NOT NULL AND NOT cleared_told);
COMMENT ON TABLE alarms IS '[installation] What an operator has to look at, since when and until when, and whether that was told.';
COMMENT ON COLUMN alarms.key IS 'The rule and what it is about: raised once, until it is cleared.';
COMMENT ON COLUMN alarms.region IS 'The region it is about; absent for what is of the installation.';

-- migrate:down
DROP TABLE alarms;

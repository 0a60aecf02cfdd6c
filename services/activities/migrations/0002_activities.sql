-- migrate:up
CREATE TABLE activities (
    consortium_id       uuid NOT NULL,
    activity_id         uuid NOT NULL,
    code                text NOT NULL,
    kind                text NOT NULL,
    title               text NOT NULL,
    line                text NOT NULL,
    school_id           uuid NOT NULL,
    company_id          uuid NOT NULL CHECK (company_id <> school_id),
    starts_at           timestamptz NOT NULL,
    ends_at             timestamptz NOT NULL CHECK (ends_at > starts_at),
    state               text NOT NULL CHECK (state IN ('held', 'waiting-for-budget', 'booked', 'completed', 'confirmed',
                                                       'cancelled', 'lapsed')),
    price_cents         bigint NOT NULL CHECK (price_cents >= 0),
    preparation_minutes integer NOT NULL CHECK (preparation_minutes >= 0),
    request_id          uuid,
    offer_id            uuid,
    room                text,
    teachers            uuid[] NOT NULL,
    external_ref        text,
    held_until          timestamptz CHECK ((state = 'held') = (held_until IS NOT NULL)),
    held_by             text CHECK (held_by IN ('school', 'company', 'office')),
    reason              text CHECK ((state IN ('cancelled', 'lapsed')) = (reason IS NOT NULL)),
    workers             integer CHECK (workers > 0),
    minutes_each        integer CHECK (minutes_each > 0),
    pupils              integer CHECK (pupils >= 0),
    reported_by         uuid,
    confirmed_at        timestamptz CHECK ((state = 'confirmed') = (confirmed_at IS NOT NULL)),
    version             bigint NOT NULL,
    PRIMARY KEY (consortium_id, activity_id),
    UNIQUE (consortium_id, code),
    UNIQUE (consortium_id, external_ref),
    CHECK ((state IN ('completed', 'confirmed')) = (workers IS NOT NULL AND minutes_each IS NOT NULL AND pupils IS NOT NULL)),
    FOREIGN KEY (consortium_id, kind) REFERENCES kinds,
    FOREIGN KEY (consortium_id, school_id) REFERENCES organisations,
    FOREIGN KEY (consortium_id, company_id) REFERENCES organisations,
    FOREIGN KEY (consortium_id, request_id) REFERENCES requests,
    FOREIGN KEY (consortium_id, offer_id) REFERENCES offers
);
CREATE UNIQUE INDEX activities_one_per_request ON activities (consortium_id, request_id)
    WHERE state NOT IN ('cancelled', 'lapsed');
CREATE INDEX activities_by_start ON activities (consortium_id, starts_at, activity_id);
CREATE INDEX activities_holds ON activities (consortium_id, held_until) WHERE state = 'held';
CREATE INDEX activities_by_company ON activities (consortium_id, company_id);
COMMENT ON TABLE activities IS 'Guest lessons, visits and other sessions, from the soft hold to the school''s confirmation.';

CREATE TABLE slots (
    consortium_id uuid NOT NULL,
    activity_id   uuid NOT NULL,
    seats         integer NOT NULL CHECK (seats > 0),
    taken         integer NOT NULL DEFAULT 0 CHECK (taken >= 0),
    PRIMARY KEY (consortium_id, activity_id),
    CONSTRAINT slots_never_overfull CHECK (taken <= seats),
    FOREIGN KEY (consortium_id, activity_id) REFERENCES activities ON DELETE CASCADE
);
COMMENT ON TABLE slots IS 'The seats of an activity. Apart from it, so that rivals for a seat do not queue for the activity.';

CREATE TABLE bookings (
    consortium_id uuid NOT NULL,
    booking_id    uuid NOT NULL,
    activity_id   uuid NOT NULL,
    code          text NOT NULL,
    school_id     uuid NOT NULL,
    pupils        integer NOT NULL CHECK (pupils > 0),
    state         text NOT NULL CHECK (state IN ('booked', 'cancelled')),
    booked_at     timestamptz NOT NULL,
    PRIMARY KEY (consortium_id, booking_id),
    UNIQUE (consortium_id, activity_id, code),
    FOREIGN KEY (consortium_id, activity_id) REFERENCES activities ON DELETE CASCADE,
    FOREIGN KEY (consortium_id, school_id) REFERENCES organisations
);
COMMENT ON TABLE bookings IS 'Sign-ups of classes for the seats of an activity: a head count and the class''s code, never a pupil.';

CREATE TABLE occupations (
    consortium_id uuid NOT NULL,
    resource      text NOT NULL,
    during        tstzrange NOT NULL CHECK (NOT isempty(during)),
    activity_id   uuid NOT NULL,
    PRIMARY KEY (consortium_id, activity_id, resource),
    CONSTRAINT occupations_never_twice EXCLUDE USING gist (consortium_id WITH =, resource WITH =, during WITH &&),
    FOREIGN KEY (consortium_id, activity_id) REFERENCES activities ON DELETE CASCADE
);
COMMENT ON TABLE occupations IS 'When a company''s offer, a room or a person is taken, pending activities included; never twice at once.';

CREATE TABLE budget_steps (
    consortium_id uuid NOT NULL,
    activity_id   uuid NOT NULL,
    step          text NOT NULL CHECK (step IN ('reserve', 'confirm', 'release', 'done')),
    attempts      integer NOT NULL CHECK (attempts >= 0),
    due_at        timestamptz NOT NULL,
    cause         text,
    PRIMARY KEY (consortium_id, activity_id),
    FOREIGN KEY (consortium_id, activity_id) REFERENCES activities ON DELETE CASCADE
);
CREATE INDEX budget_steps_due ON budget_steps (consortium_id, due_at) WHERE step <> 'done';
COMMENT ON TABLE budget_steps IS 'What is still to be said to funding about a paid activity; the reservation has the activity''s id.';

-- migrate:down
DROP TABLE budget_steps, occupations, bookings, slots, activities;

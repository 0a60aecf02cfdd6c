-- migrate:up
CREATE TABLE persons (
    consortium_id   uuid NOT NULL,
    person_id       uuid NOT NULL,
    code            text NOT NULL,
    name            text NOT NULL,
    email           text NOT NULL,
    language        text NOT NULL CHECK (language IN ('nl', 'sv', 'en')),
    organisation_id uuid,
    roles           text[] NOT NULL,
    version         bigint NOT NULL,
    PRIMARY KEY (consortium_id, person_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, organisation_id) REFERENCES organisations (consortium_id, organisation_id)
);
CREATE INDEX persons_of_organisation ON persons (consortium_id, organisation_id);
COMMENT ON TABLE persons IS 'Who can be reached, as what. The only place of all services where names and addresses are kept.';

CREATE TABLE memberships (
    consortium_id   uuid NOT NULL,
    membership_id   uuid NOT NULL,
    code            text NOT NULL,
    organisation_id uuid NOT NULL,
    role            text NOT NULL,
    first_day       date NOT NULL,
    last_day        date,
    version         bigint NOT NULL,
    PRIMARY KEY (consortium_id, membership_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, organisation_id) REFERENCES organisations (consortium_id, organisation_id),
    CHECK (first_day <= last_day)
);
CREATE INDEX memberships_of_organisation ON memberships (consortium_id, organisation_id);
COMMENT ON TABLE memberships IS 'Who takes part in a region, as what, from which day and until which.';

CREATE TABLE umbrella_mandates (
    consortium_id uuid NOT NULL,
    mandate_id    uuid NOT NULL,
    code          text NOT NULL,
    umbrella_id   uuid NOT NULL,
    member_id     uuid NOT NULL,
    first_day     date NOT NULL,
    last_day      date,
    version       bigint NOT NULL,
    PRIMARY KEY (consortium_id, mandate_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, umbrella_id) REFERENCES organisations (consortium_id, organisation_id),
    FOREIGN KEY (consortium_id, member_id) REFERENCES organisations (consortium_id, organisation_id),
    CHECK (umbrella_id <> member_id),
    CHECK (first_day <= last_day)
);
CREATE INDEX umbrella_mandates_of_member ON umbrella_mandates (consortium_id, member_id);
CREATE INDEX umbrella_mandates_of_umbrella ON umbrella_mandates (consortium_id, umbrella_id);
COMMENT ON TABLE umbrella_mandates IS 'Which organisation signs for which other one, from which day and until which.';

CREATE TABLE working_groups (
    consortium_id    uuid NOT NULL,
    working_group_id uuid NOT NULL,
    code             text NOT NULL,
    title            text NOT NULL,
    spearheads       text[] NOT NULL,
    chair_id         uuid,
    members          jsonb NOT NULL,
    version          bigint NOT NULL,
    PRIMARY KEY (consortium_id, working_group_id),
    UNIQUE (consortium_id, code),
    FOREIGN KEY (consortium_id, chair_id) REFERENCES organisations (consortium_id, organisation_id)
);
COMMENT ON TABLE working_groups IS 'Groups with the codes of the spearheads that they carry, and their members as one document, since they change together.';

CREATE TABLE agreements (
    consortium_id  uuid NOT NULL,
    agreement_id   uuid NOT NULL,
    code           text NOT NULL,
    title          text NOT NULL,
    text           text NOT NULL,
    first_day      date NOT NULL,
    last_day       date NOT NULL,
    sign_from      date,
    sign_until     date,
    blanks         jsonb NOT NULL,
    state          text NOT NULL CHECK (state IN ('draft', 'circulated', 'in-force')),
    in_force_since date,
    version        bigint NOT NULL,
    PRIMARY KEY (consortium_id, agreement_id),
    UNIQUE (consortium_id, code),
    CHECK (first_day <= last_day),
    CHECK (sign_from <= sign_until),
    CHECK ((state = 'in-force') = (in_force_since IS NOT NULL))
);
COMMENT ON TABLE agreements IS 'Agreements: the text, the days they are about, the window in which they are signed, and how far they are.';

CREATE TABLE agreement_parties (
    consortium_id   uuid NOT NULL,
    agreement_id    uuid NOT NULL,
    organisation_id uuid NOT NULL,
    place_in_list   integer NOT NULL,
    role            text NOT NULL CHECK (role IN ('party', 'witness', 'supporter')),
    counts          boolean NOT NULL,
    filled_in       jsonb NOT NULL,
    signed_by       uuid,
    signed_on       date,
    signed_at       timestamptz,
    place           text,
    PRIMARY KEY (consortium_id, agreement_id, organisation_id),
    FOREIGN KEY (consortium_id, agreement_id) REFERENCES agreements (consortium_id, agreement_id),
    FOREIGN KEY (consortium_id, organisation_id) REFERENCES organisations (consortium_id, organisation_id),
    CHECK ((signed_by IS NULL) = (signed_on IS NULL) AND (signed_by IS NULL) = (signed_at IS NULL))
);
CREATE INDEX agreement_parties_of_organisation ON agreement_parties (consortium_id, organisation_id);
COMMENT ON TABLE agreement_parties IS 'The parties of an agreement: what each filled in, and the person who signed for it.';

CREATE TABLE pledges (
    consortium_id   uuid NOT NULL,
    pledge_id       uuid NOT NULL,
    organisation_id uuid NOT NULL,
    first_day       date NOT NULL,
    last_day        date NOT NULL,
    sequence        bigint NOT NULL,
    PRIMARY KEY (consortium_id, pledge_id)
);
CREATE INDEX pledges_of_organisation ON pledges (consortium_id, organisation_id);
COMMENT ON TABLE pledges IS 'Copy of the days of pledges that funding told of, as of one event''s sequence.';

CREATE TABLE standings (
    consortium_id   uuid NOT NULL,
    organisation_id uuid NOT NULL,
    grounds         jsonb NOT NULL,
    version         bigint NOT NULL,
    PRIMARY KEY (consortium_id, organisation_id),
    FOREIGN KEY (consortium_id, organisation_id) REFERENCES organisations (consortium_id, organisation_id)
);
COMMENT ON TABLE standings IS 'The dated grounds on which an organisation counts as a partner, as published last. No row: never had one.';

-- migrate:down
DROP TABLE standings, pledges, agreement_parties, agreements, working_groups, umbrella_mandates, memberships, persons;

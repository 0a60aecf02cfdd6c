-- migrate:up

-- What was declared by hand may be changed to be declared anew in its place, so a booked one may be behind its draft.
ALTER TABLE contribution_drafts DROP CONSTRAINT contribution_drafts_booked_once;

-- migrate:down

-- What was corrected meanwhile is as it is: only what comes after is held to it.
ALTER TABLE contribution_drafts
    ADD CONSTRAINT contribution_drafts_booked_once CHECK (outcome <> 'booked' OR declared_version = version) NOT VALID;

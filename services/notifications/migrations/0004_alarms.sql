-- migrate:up
ALTER TABLE tellings DROP CONSTRAINT tellings_about_check;
ALTER TABLE tellings ADD CONSTRAINT tellings_about_check
    CHECK (about IN ('milestone', 'agreement', 'statement', 'activity', 'records', 'alarm'));

-- migrate:down
ALTER TABLE tellings DROP CONSTRAINT tellings_about_check;
DELETE FROM notice_duplicates d USING tellings t
WHERE (t.consortium_id, t.telling_id) = (d.consortium_id, d.telling_id) AND t.about = 'alarm';
DELETE FROM notices n USING tellings t
WHERE (t.consortium_id, t.telling_id) = (n.consortium_id, n.telling_id) AND t.about = 'alarm';
DELETE FROM tellings WHERE about = 'alarm';
ALTER TABLE tellings ADD CONSTRAINT tellings_about_check
    CHECK (about IN ('milestone', 'agreement', 'statement', 'activity', 'records'));

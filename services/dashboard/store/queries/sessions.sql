-- name: keep_session
-- A browser that signed in.
INSERT INTO sessions (session_hash, access_token, refresh_token, token_until, until, csrf)
VALUES ($1, $2, $3, $4, $5, $6);

-- name: session
-- The session of a cookie, as long as it lasts.
SELECT access_token, refresh_token, token_until, until, csrf FROM sessions WHERE session_hash = $1 AND until > $2;

-- name: renew_session
-- The tokens of a session, made anew.
UPDATE sessions SET access_token = $2, refresh_token = $3, token_until = $4 WHERE session_hash = $1;

-- name: end_session
-- Signs out.
DELETE FROM sessions WHERE session_hash = $1;

-- name: forget_sessions
-- Forgets sessions that have ended.
DELETE FROM sessions WHERE until <= $1;

-- name: note_doing
-- What an operator did.
INSERT INTO doings (doing_id, actor, service, what, dead_letter, reason, outcome) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: failed_doings
-- What operators tried last and a service refused; what was done, the services themselves keep.
SELECT at, actor, service, what, dead_letter, reason, outcome FROM doings
WHERE outcome <> 'done' ORDER BY at DESC LIMIT $1;

-- name: generation
-- Which generation of the read model this database holds.
SELECT generation FROM generation;

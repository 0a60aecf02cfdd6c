-- migrate:up

-- A function, because its SET ends with it: the wait for a twin is bounded, the command's own waits are not, and the
-- claim stays one round trip.
CREATE FUNCTION claim_answer(claimed_consortium uuid, claimed_actor text, claimed_key text, claimed_hash bytea)
RETURNS boolean LANGUAGE plpgsql SET lock_timeout = '2s' AS $$
BEGIN
    INSERT INTO idempotency (consortium_id, actor, key, request_hash)
    VALUES (claimed_consortium, claimed_actor, claimed_key, claimed_hash)
    ON CONFLICT (consortium_id, actor, key) DO UPDATE
       SET request_hash = excluded.request_hash, status = NULL, headers = '{}', body = NULL, created_at = now()
     WHERE idempotency.created_at < now() - interval '72 hours';
    RETURN FOUND;
END $$;

-- migrate:down
DROP FUNCTION claim_answer;

-- name: note
-- Notes every event by what it was about.
INSERT INTO heard (consortium_id, event_id, type, source, subject, correlation_id, trace_id, occurred_at)
SELECT consortium_id, event_id, type, source, subject, correlation_id, trace_id, occurred_at
FROM jsonb_to_recordset($1::jsonb) AS e(consortium_id uuid, event_id text, type text, source text, subject text,
    correlation_id uuid, trace_id text, occurred_at timestamptz)
ON CONFLICT DO NOTHING;

-- name: beat
-- Tells whoever has a page of these regions open that something was heard.
INSERT INTO pulses (consortium_id, beat, at)
SELECT unnest($1::uuid[]), 1, now() ORDER BY 1
ON CONFLICT (consortium_id) DO UPDATE SET beat = pulses.beat + 1, at = excluded.at;

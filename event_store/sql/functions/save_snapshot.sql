-- Keeps the newest snapshot of a stream; one of another shape of state always replaces it.
CREATE OR REPLACE FUNCTION event_log.save_snapshot(
    of_stream text, at_version integer, of_state_hash bytea, new_state bytea
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO event_log.snapshots AS s (stream, version, state_hash, state)
    VALUES (of_stream, at_version, of_state_hash, new_state)
    ON CONFLICT (stream) DO UPDATE
    SET version = excluded.version, state_hash = excluded.state_hash, state = excluded.state
    WHERE s.version < excluded.version OR s.state_hash <> excluded.state_hash
$$;

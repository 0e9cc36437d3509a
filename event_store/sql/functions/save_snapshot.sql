-- Keeps the newest snapshot of a stream; one of another shape of state always replaces it. Nothing is kept when
-- the log does not hold what the caller has seen in it: the state would be that of another history.
CREATE OR REPLACE FUNCTION event_log.save_snapshot(
    of_stream text, at_version integer, of_state_hash bytea, new_state bytea,
    known_positions bigint[], known_events uuid[]
) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO event_log.snapshots AS s (stream, version, state_hash, state)
    SELECT of_stream, at_version, of_state_hash, new_state
    WHERE event_log.holds(known_positions, known_events)
    ON CONFLICT (stream) DO UPDATE
    SET version = excluded.version, state_hash = excluded.state_hash, state = excluded.state
    WHERE s.version < excluded.version OR s.state_hash <> excluded.state_hash
$$;

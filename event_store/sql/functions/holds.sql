-- Whether the log holds events with these ids at these positions.
CREATE OR REPLACE FUNCTION event_log.holds(positions bigint[], event_ids uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT NOT EXISTS (
        SELECT FROM unnest(positions, event_ids) AS k (position, event_id)
        LEFT JOIN event_log.events AS e ON e.position = k.position
        WHERE e.event_id IS DISTINCT FROM k.event_id
    )
$$;

-- The events of a stream ($1) before a version ($2; 0 means from its end), newest first, at most $3 of them.
SELECT
    e.position, e.stream, e.version, e.category, t.name AS type, e.payload, e.event_id, e.recorded_at,
    e.command_id, e.actor, e.correlation_id, e.causation_id
FROM event_log.events AS e
INNER JOIN event_log.event_types AS t ON t.id = e.type_id
WHERE e.stream = $1::text AND ($2::integer = 0 OR e.version < $2::integer)
ORDER BY e.version DESC
LIMIT $3::bigint;

-- The events of streams ($1) after a version of each ($2), oldest first.
SELECT
    e.position, e.stream, e.version, e.category, t.name AS type, e.payload, e.event_id, e.recorded_at,
    e.command_id, e.actor, e.correlation_id, e.causation_id
FROM unnest($1, $2) AS s (name, version)
INNER JOIN event_log.events AS e ON e.stream = s.name AND e.version > s.version
INNER JOIN event_log.event_types AS t ON t.id = e.type_id
ORDER BY e.position;

-- The log after a position ($1), at most $2 events, with its head and the event id at $1 in the same snapshot.
SELECT
    h.epoch, h.position AS head, a.event_id AS anchor,
    e.position, e.stream, e.version, e.category, e.type, e.payload, e.event_id, e.recorded_at,
    e.command_id, e.actor, e.correlation_id, e.causation_id
FROM event_log.log_head AS h
LEFT JOIN event_log.events AS a ON a.position = $1::bigint
LEFT JOIN LATERAL (
    SELECT r.*, t.name AS type
    FROM event_log.events AS r
    INNER JOIN event_log.event_types AS t ON t.id = r.type_id
    WHERE r.position > $1::bigint
    ORDER BY r.position
    LIMIT $2::bigint
) AS e ON true
ORDER BY e.position;

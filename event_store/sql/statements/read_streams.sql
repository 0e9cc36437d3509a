-- The events of streams ($1) after a version of each ($2), oldest first, and whether the log holds events of these
-- positions ($3) and ids ($4), in one snapshot.
SELECT
    h.holds,
    r.position, r.stream, r.version, r.category, r.type, r.payload, r.event_id, r.recorded_at,
    r.command_id, r.actor, r.correlation_id, r.causation_id
FROM (SELECT event_log.holds($3, $4) AS holds) AS h
LEFT JOIN (
    SELECT e.*, t.name AS type
    FROM unnest($1, $2) AS s (name, version)
    INNER JOIN event_log.events AS e ON e.stream = s.name AND e.version > s.version
    INNER JOIN event_log.event_types AS t ON t.id = e.type_id
) AS r ON true
ORDER BY r.position;

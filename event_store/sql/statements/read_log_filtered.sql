-- As read_log, but only events of some categories ($4) and types ($5) and of a correlation id ($6); each
-- is no filter when empty or null. Looks through $3 positions at most, so that a rare match costs bounded work.
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
    WHERE
        r.position > $1::bigint AND r.position <= $1::bigint + $3::bigint
        AND (cardinality($4) = 0 OR r.category = ANY ($4))
        AND (cardinality($5) = 0 OR t.name = ANY ($5))
        AND ($6::text IS NULL OR r.correlation_id = $6::text)
    ORDER BY r.position
    LIMIT $2::bigint
) AS e ON true
ORDER BY e.position;

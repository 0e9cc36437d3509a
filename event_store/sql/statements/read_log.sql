-- The log after a position ($1), at most $2 events, with its head and the event id at $1 in the same snapshot. These
-- stand in the first row, which has no event: repeated in each row they would cost readers as much as the events' ids.
SELECT
    h.epoch, h.position AS head, a.event_id AS anchor,
    NULL::bigint AS position, NULL::text AS stream, NULL::integer AS version, NULL::text AS category, NULL::text AS type,
    NULL::bytea AS payload, NULL::uuid AS event_id, NULL::timestamptz AS recorded_at, NULL::uuid AS command_id,
    NULL::text AS actor, NULL::text AS correlation_id, NULL::text AS causation_id
FROM event_log.log_head AS h
LEFT JOIN event_log.events AS a ON a.position = $1::bigint
UNION ALL
SELECT
    NULL, NULL, NULL,
    e.position, e.stream, e.version, e.category, e.type, e.payload, e.event_id, e.recorded_at,
    e.command_id, e.actor, e.correlation_id, e.causation_id
FROM (
    SELECT r.*, t.name AS type
    FROM event_log.events AS r
    INNER JOIN event_log.event_types AS t ON t.id = r.type_id
    WHERE r.position > $1::bigint
    ORDER BY r.position
    LIMIT $2::bigint
) AS e
ORDER BY position NULLS FIRST;

-- The log after a position ($1) as read_log has it, but only the events of streams that fall to one partition ($3) of
-- several ($4), at most $2 of them. Looks through $5 positions at most, and up to position $6 at most.
-- Answers too up to which event it looked: the log's end, $6, or before that the last one with which a command ends.
SELECT
    h.epoch, h.position AS head, a.event_id AS anchor,
    b.position AS bound, b.event_id AS bound_id, b.recorded_at AS bound_recorded_at,
    e.position, e.stream, e.version, e.category, e.type, e.payload, e.event_id, e.recorded_at,
    e.command_id, e.actor, e.correlation_id, e.causation_id
FROM event_log.log_head AS h
LEFT JOIN event_log.events AS a ON a.position = $1::bigint
CROSS JOIN LATERAL (
    SELECT least(h.position, $1::bigint + $5::bigint, $6::bigint) AS position
) AS w
LEFT JOIN event_log.events AS n ON n.position = w.position + 1
LEFT JOIN LATERAL (
    SELECT l.position, l.event_id, l.recorded_at
    FROM event_log.events AS l
    WHERE
        l.position > $1::bigint AND l.position <= w.position
        AND (n.command_id IS NULL OR w.position = $6::bigint OR l.command_id <> n.command_id)
    ORDER BY l.position DESC
    LIMIT 1
) AS b ON true
LEFT JOIN LATERAL (
    SELECT r.*, t.name AS type
    FROM event_log.events AS r
    INNER JOIN event_log.event_types AS t ON t.id = r.type_id
    WHERE
        r.position > $1::bigint AND r.position <= b.position
        AND get_byte(sha256(convert_to(r.stream, 'UTF8')), 0) % $4::integer = $3::integer
    ORDER BY r.position
    LIMIT $2::bigint
) AS e ON true
ORDER BY e.position;

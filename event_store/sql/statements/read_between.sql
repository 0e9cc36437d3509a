-- The events after positions ($1) up to others ($2), as far as states are folded from them, oldest first. Also whether
-- the log holds events of these positions ($3) and ids ($4), in one snapshot.
SELECT h.holds, r.stream, r.version, r.type, r.payload, r.command_id
FROM (SELECT event_log.holds($3, $4) AS holds) AS h
LEFT JOIN (
    SELECT e.position, e.stream, e.version, t.name AS type, e.payload, e.command_id
    FROM unnest($1, $2) AS b (after_position, through)
    CROSS JOIN LATERAL (
        SELECT i.position, i.stream, i.version, i.type_id, i.payload, i.command_id
        FROM event_log.events AS i
        WHERE i.position > b.after_position AND i.position <= b.through
    ) AS e
    INNER JOIN event_log.event_types AS t ON t.id = e.type_id
) AS r ON TRUE
ORDER BY r.position;

-- The events of streams ($1) after a version of each ($2), oldest first, as far as states are folded from them: one row
-- a stream, since a row an event would cost more than the folding, and the name of each type once. Also whether the
-- log holds events of these positions ($3) and ids ($4), in one snapshot.
SELECT h.holds, r.stream, r.type_ids, r.payloads, r.ids, r.names, l.position, l.event_id, l.command_id
FROM (SELECT event_log.holds($3, $4) AS holds) AS h
LEFT JOIN (
    SELECT s.stream, f.type_ids, f.payloads, f.position, n.ids, n.names
    FROM unnest($1, $2) AS s (stream, version)
    CROSS JOIN LATERAL (
        SELECT array_agg(o.type_id) AS type_ids, array_agg(o.payload) AS payloads, max(o.position) AS position
        FROM (
            SELECT e.type_id, e.payload, e.position
            FROM event_log.events AS e
            WHERE e.stream = s.stream AND e.version > s.version
            ORDER BY e.version
        ) AS o
    ) AS f
    CROSS JOIN LATERAL (
        SELECT array_agg(t.id) AS ids, array_agg(t.name) AS names
        FROM event_log.event_types AS t
        WHERE t.id = ANY (f.type_ids)
    ) AS n
) AS r ON r.position IS NOT NULL
LEFT JOIN event_log.events AS l ON l.position = r.position
ORDER BY l.position;

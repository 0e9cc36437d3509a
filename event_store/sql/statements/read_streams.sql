-- The events of streams ($1) after a version of each ($2), oldest first, as far as states are folded from them: one row
-- a stream, since a row an event would cost more than the folding, and the name of each type once. Where a stream has a
-- snapshot of a higher version whose state has the shape given for it ($3), that comes along, and the events after it.
-- Also whether the log holds events of these positions ($4) and ids ($5), all in one snapshot of the database.
SELECT
    h.holds, r.stream, r.snapshot_version, r.state, r.type_ids, r.payloads, r.ids, r.names,
    l.position, l.event_id, l.command_id
FROM (SELECT event_log.holds($4, $5) AS holds) AS h
LEFT JOIN (
    SELECT w.stream, k.version AS snapshot_version, k.state, f.type_ids, f.payloads, f.position, n.ids, n.names
    FROM unnest($1, $2, $3) AS w (stream, version, state_hash)
    LEFT JOIN LATERAL (
        SELECT s.version, s.state
        FROM event_log.snapshots AS s
        WHERE s.stream = w.stream AND s.state_hash = w.state_hash AND s.version > w.version
        LIMIT 1
    ) AS k ON TRUE
    CROSS JOIN LATERAL (
        SELECT array_agg(o.type_id) AS type_ids, array_agg(o.payload) AS payloads, max(o.position) AS position
        FROM (
            SELECT e.type_id, e.payload, e.position
            FROM event_log.events AS e
            WHERE e.stream = w.stream AND e.version > coalesce(k.version, w.version)
            ORDER BY e.version
        ) AS o
    ) AS f
    CROSS JOIN LATERAL (
        SELECT array_agg(t.id) AS ids, array_agg(t.name) AS names
        FROM event_log.event_types AS t
        WHERE t.id = ANY (f.type_ids)
    ) AS n
) AS r ON r.position IS NOT NULL OR r.snapshot_version IS NOT NULL
LEFT JOIN event_log.events AS l ON l.position = r.position
ORDER BY l.position NULLS FIRST;

-- What is stored of some commands ($1) and the current versions of some streams ($2), and whether the log holds
-- events of these positions ($3) and ids ($4), in one snapshot.
SELECT
    (
        SELECT array_agg(
            coalesce(
                (SELECT e.version FROM event_log.events AS e WHERE e.stream = s.name ORDER BY e.version DESC LIMIT 1), 0
            ) ORDER BY s.number
        )
        FROM unnest($2) WITH ORDINALITY AS s (name, number)
    ) AS versions,
    event_log.holds($3, $4) AS holds,
    c.command_id, c.fingerprint, c.response, c.stream, c.version, c.position, c.recorded_at, h.epoch
FROM event_log.log_head AS h
LEFT JOIN event_log.commands AS c ON c.command_id = ANY ($1);

-- The snapshots of streams ($1) whose state has the shape given for each ($2).
SELECT s.stream, s.version, s.state
FROM unnest($1, $2) AS w (stream, state_hash)
INNER JOIN event_log.snapshots AS s ON s.stream = w.stream AND s.state_hash = w.state_hash;

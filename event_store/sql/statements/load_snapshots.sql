-- The snapshots of streams ($1) whose state has the shape $2.
SELECT s.stream, s.version, s.state FROM event_log.snapshots AS s
WHERE s.stream = ANY ($1) AND s.state_hash = $2::bytea;

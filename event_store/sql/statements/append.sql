-- Appends one group of commands; see functions/append.sql.
SELECT outcome, stream_number, stream_version, last_position, appended_at, log_epoch, newest_position, newest_event
FROM event_log.append(
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23
);

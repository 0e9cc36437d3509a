-- The columns that a follower of the log needs, up to a position.
COPY (
    SELECT position, stream, version, category, type_id, payload, event_id, recorded_at, command_id
    FROM event_log.events
    WHERE position <= %d
    ORDER BY position
) TO STDOUT (FORMAT binary)

-- Epochs that are over, and the last position that each has in common with the epoch after it.
CREATE TABLE event_log.past_epochs (
    epoch uuid NOT NULL,
    last_common_position bigint NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT past_epochs_pk PRIMARY KEY (epoch)
);
GRANT SELECT ON event_log.past_epochs TO diptych_writer, diptych_projector;

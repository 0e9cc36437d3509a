-- Every accepted command and its answer, kept for ever: what makes a repeat safe.
CREATE TABLE event_log.commands (
    command_id uuid NOT NULL,
    fingerprint bytea NOT NULL,
    response bytea NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    position bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT commands_pk PRIMARY KEY (command_id)
);

-- The log. Positions have no gaps and follow commit order; versions have no gaps within a stream.
-- type_id has no foreign key: the check would cost each append a lookup a row.
CREATE TABLE event_log.events (
    position bigint NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    category text COLLATE "C" NOT NULL,
    type_id smallint NOT NULL,
    payload bytea NOT NULL,
    event_id uuid NOT NULL DEFAULT gen_random_uuid(),
    recorded_at timestamptz NOT NULL,
    command_id uuid NOT NULL,
    actor text NOT NULL,
    correlation_id text,
    causation_id text,
    CONSTRAINT events_pk PRIMARY KEY (position),
    CONSTRAINT events_stream_version UNIQUE (stream, version),
    CONSTRAINT events_from_one CHECK (position > 0 AND version > 0)
);

-- The newest snapshot of a stream; state_hash names the shape of the state, so that another build ignores it.
CREATE TABLE event_log.snapshots (
    stream text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    state_hash bytea NOT NULL,
    state bytea NOT NULL,
    CONSTRAINT snapshots_pk PRIMARY KEY (stream)
);

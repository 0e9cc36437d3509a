-- What explains the payloads: serialised google.protobuf.FileDescriptorSets, by the SHA-256 of their bytes.
CREATE TABLE event_log.descriptor_sets (
    hash bytea NOT NULL,
    content bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT descriptor_sets_pk PRIMARY KEY (hash),
    CONSTRAINT descriptor_sets_hash CHECK (hash = sha256(content))
);

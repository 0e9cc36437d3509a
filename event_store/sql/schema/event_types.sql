-- A type as one build knew it: full protobuf name and the descriptor set that explains its payloads.
CREATE TABLE event_log.event_types (
    id smallint GENERATED ALWAYS AS IDENTITY,
    name text COLLATE "C" NOT NULL,
    descriptor_set_hash bytea NOT NULL,
    CONSTRAINT event_types_pk PRIMARY KEY (id),
    CONSTRAINT event_types_name_hash UNIQUE (name, descriptor_set_hash),
    CONSTRAINT event_types_descriptor_set FOREIGN KEY (descriptor_set_hash)
        REFERENCES event_log.descriptor_sets (hash)
);

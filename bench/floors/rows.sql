-- Rows as wide as an event with its ids.
CREATE TABLE rows (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    command_id uuid NOT NULL,
    stream text NOT NULL,
    payload bytea NOT NULL
)

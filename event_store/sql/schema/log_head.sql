-- The one row that every append locks: where the log ends, and which history (epoch) it belongs to.
CREATE TABLE event_log.log_head (
    is_the_only_row boolean NOT NULL DEFAULT true,
    epoch uuid NOT NULL DEFAULT gen_random_uuid(),
    position bigint NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT log_head_pk PRIMARY KEY (is_the_only_row),
    CONSTRAINT log_head_one_row CHECK (is_the_only_row),
    CONSTRAINT log_head_position CHECK (position >= 0)
) WITH (fillfactor = 10);

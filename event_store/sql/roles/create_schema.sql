-- The home of the log, owned by the role that can't log in.
CREATE SCHEMA IF NOT EXISTS event_log AUTHORIZATION diptych_owner;

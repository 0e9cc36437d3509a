-- Asks for the hints of announce.sql.
LISTEN event_log_appended;

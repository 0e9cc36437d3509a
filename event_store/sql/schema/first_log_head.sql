-- The empty log of a new epoch.
INSERT INTO event_log.log_head (is_the_only_row) VALUES (true);

-- Wakes those who follow the log. Only a hint: it may get lost, the log itself is the truth.
NOTIFY event_log_appended;

-- The head moves with each append, but it can't go away.
CREATE TRIGGER log_head_stays BEFORE DELETE OR TRUNCATE ON event_log.log_head
FOR EACH STATEMENT EXECUTE FUNCTION event_log.refuse_change();
ALTER TABLE event_log.log_head ENABLE ALWAYS TRIGGER log_head_stays;

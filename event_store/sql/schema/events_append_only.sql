-- Statement level, so that it also fires where no row matches; ALWAYS, so that replica mode is no way around.
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log.events
FOR EACH STATEMENT EXECUTE FUNCTION event_log.refuse_change();
ALTER TABLE event_log.events ENABLE ALWAYS TRIGGER events_append_only;

-- Statement level, so that it also fires where no row matches; ALWAYS, so that replica mode is no way around.
CREATE TRIGGER descriptor_sets_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_log.descriptor_sets
FOR EACH STATEMENT EXECUTE FUNCTION event_log.refuse_change();
ALTER TABLE event_log.descriptor_sets ENABLE ALWAYS TRIGGER descriptor_sets_append_only;

-- A new function is everyone's until said otherwise; these are the writer's only way to change anything.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA event_log FROM PUBLIC;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA event_log TO diptych_writer;

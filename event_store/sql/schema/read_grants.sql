-- Writer and projector may read the log; answers to commands and snapshots are the writer's alone.
GRANT USAGE ON SCHEMA event_log TO diptych_writer, diptych_projector;
GRANT SELECT ON event_log.log_head, event_log.events, event_log.event_types, event_log.descriptor_sets
    TO diptych_writer, diptych_projector;
GRANT SELECT ON event_log.commands, event_log.snapshots TO diptych_writer;

-- Stores event types ($1) and the descriptor set ($2) that explains them.
SELECT type_name, type_id FROM event_log.register_event_types($1, $2::bytea);

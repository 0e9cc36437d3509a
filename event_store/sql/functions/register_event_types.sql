-- Stores a descriptor set and the types it explains, once; answers the ids that events are appended with.
CREATE OR REPLACE FUNCTION event_log.register_event_types(names text[], descriptor_set bytea)
RETURNS TABLE (type_name text, type_id smallint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    -- One at a time, so that services that start together make one row a type and burn no ids.
    LOCK TABLE event_log.event_types IN SHARE ROW EXCLUSIVE MODE;
    INSERT INTO event_log.descriptor_sets (hash, content)
    VALUES (sha256(descriptor_set), descriptor_set) ON CONFLICT (hash) DO NOTHING;
    INSERT INTO event_log.event_types (name, descriptor_set_hash)
    SELECT DISTINCT n.name, sha256(descriptor_set) FROM unnest(names) AS n (name)
    WHERE NOT EXISTS (
        SELECT 1 FROM event_log.event_types AS t
        WHERE t.name = n.name AND t.descriptor_set_hash = sha256(descriptor_set)
    );
    RETURN QUERY SELECT t.name, t.id FROM event_log.event_types AS t
    WHERE t.name = ANY (names) AND t.descriptor_set_hash = sha256(descriptor_set);
END
$$;

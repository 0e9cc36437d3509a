-- The three roles. The owner of the schema can't log in: only who migrates takes its place.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['diptych_owner', 'diptych_writer', 'diptych_projector'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles AS r WHERE r.rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        END IF;
    END LOOP;
    EXECUTE format('GRANT diptych_owner TO %I', current_user);
END
$$;

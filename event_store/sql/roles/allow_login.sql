-- Lets a role log in; its password comes as a SCRAM verifier in two settings of this transaction,
-- because a utility statement takes no parameters.
DO $$
BEGIN
    EXECUTE format(
        'ALTER ROLE %I LOGIN PASSWORD %L', current_setting('diptych.role'), current_setting('diptych.verifier')
    );
END
$$;

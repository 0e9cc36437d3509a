-- Appends a group of commands in one transaction; each keeps its own outcome, in the order given.
-- Outcomes: 0 appended, 1 wrong version of a stream it read, 2 its command id is stored already,
-- 3 an earlier command of the group that it follows was not appended by this call, 4 the log does not hold
-- the events that the caller has seen in it (known_*: their positions and ids), so nothing is appended at all.
-- Streams are named by their number in `streams`, followed commands by their place in the group, from 1;
-- *_ends are the last place of each command's reads, events and followed commands in the arrays that
-- follow. Command ids must be distinct within a group.
CREATE OR REPLACE FUNCTION event_log.append(
    command_ids uuid[], fingerprints bytea[], responses bytea[], command_streams text[],
    main_streams integer[], read_ends integer[], event_ends integer[],
    follow_ends integer[], followed integer[],
    streams text[],
    read_streams integer[], read_versions integer[],
    event_streams integer[], event_stream_names text[], event_categories text[], event_type_ids smallint[],
    event_payloads bytea[], event_command_ids uuid[], event_actors text[],
    event_correlation_ids text[], event_causation_ids text[],
    known_positions bigint[], known_events uuid[]
) RETURNS TABLE (
    outcome smallint, stream_number integer, stream_version integer,
    last_position bigint, appended_at timestamptz, log_epoch uuid, newest_position bigint, newest_event uuid
)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
-- The lookups are by index whatever the statistics of a young table say, and planned once.
SET enable_seqscan = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    log_position bigint;
    first_position bigint;
    holds_known boolean;
    stored uuid[];
    current_versions integer[];
    outcomes smallint[] := array_fill(0::smallint, ARRAY[cardinality(command_ids)]);
    numbers integer[] := main_streams;
    versions integer[] := array_fill(0, ARRAY[cardinality(command_ids)]);
    positions bigint[] := array_fill(0::bigint, ARRAY[cardinality(command_ids)]);
    event_versions integer[] := array_fill(0, ARRAY[cardinality(event_streams)]);
    event_positions bigint[] := array_fill(0::bigint, ARRAY[cardinality(event_streams)]);
    last_read integer := 0;
    last_event integer := 0;
    last_followed integer := 0;
    number integer;
BEGIN
    -- An answer means durable, whatever the role or the database sets.
    IF current_setting('synchronous_commit') = 'off' THEN
        PERFORM set_config('synchronous_commit', 'on', true);
    END IF;

    -- Held until commit: the next group numbers its events only after this one is visible.
    SELECT h.epoch, h.position, greatest(h.recorded_at, clock_timestamp())
    INTO log_epoch, log_position, appended_at
    FROM event_log.log_head AS h FOR UPDATE;
    first_position := log_position;

    -- One statement for all lookups: to begin one costs as much as to look a few things up.
    SELECT
        event_log.holds(known_positions, known_events),
        ARRAY(SELECT c.command_id FROM event_log.commands AS c WHERE c.command_id = ANY (command_ids)),
        ARRAY(
            SELECT coalesce(
                (SELECT e.version FROM event_log.events AS e WHERE e.stream = s.name ORDER BY e.version DESC LIMIT 1),
                0
            )
            FROM unnest(streams) WITH ORDINALITY AS s (name, number) ORDER BY s.number
        )
    INTO holds_known, stored, current_versions;

    IF NOT holds_known THEN
        RETURN QUERY SELECT 4::smallint, 0, 0, 0::bigint, appended_at, log_epoch, 0::bigint, NULL::uuid
        FROM unnest(command_ids);
        RETURN;
    END IF;

    FOR i IN 1 .. cardinality(command_ids) LOOP
        IF command_ids[i] = ANY (stored) THEN
            outcomes[i] := 2;
        ELSE
            FOR f IN last_followed + 1 .. follow_ends[i] LOOP
                IF outcomes[followed[f]] <> 0 THEN
                    outcomes[i] := 3;
                    EXIT;
                END IF;
            END LOOP;
        END IF;
        IF outcomes[i] = 0 THEN
            FOR r IN last_read + 1 .. read_ends[i] LOOP
                number := read_streams[r];
                IF current_versions[number] <> read_versions[r] THEN
                    outcomes[i] := 1;
                    numbers[i] := number;
                    versions[i] := current_versions[number];
                    EXIT;
                END IF;
            END LOOP;
        END IF;
        IF outcomes[i] = 0 THEN
            FOR e IN last_event + 1 .. event_ends[i] LOOP
                number := event_streams[e];
                log_position := log_position + 1;
                event_positions[e] := log_position;
                event_versions[e] := current_versions[number] + 1;
                current_versions[number] := event_versions[e];
            END LOOP;
            versions[i] := current_versions[main_streams[i]];
            positions[i] := log_position;
        END IF;
        last_read := read_ends[i];
        last_event := event_ends[i];
        last_followed := follow_ends[i];
    END LOOP;

    IF log_position > first_position THEN
        newest_position := log_position;
        newest_event := gen_random_uuid();
        WITH written AS (
            INSERT INTO event_log.events (
                position, stream, version, category, type_id, payload, event_id, recorded_at,
                command_id, actor, correlation_id, causation_id
            )
            SELECT
                e.position, e.stream, e.version, e.category, e.type_id, e.payload,
                CASE e.position WHEN log_position THEN newest_event ELSE gen_random_uuid() END, appended_at,
                e.command_id, e.actor, e.correlation_id, e.causation_id
            FROM unnest(
                event_positions, event_stream_names, event_versions, event_categories, event_type_ids,
                event_payloads, event_command_ids, event_actors, event_correlation_ids, event_causation_ids
            ) AS e (
                position, stream, version, category, type_id, payload,
                command_id, actor, correlation_id, causation_id
            )
            WHERE e.position > 0
        ), accepted AS (
            INSERT INTO event_log.commands (command_id, fingerprint, response, stream, version, position, recorded_at)
            SELECT c.command_id, c.fingerprint, c.response, c.stream, c.version, c.position, appended_at
            FROM unnest(command_ids, fingerprints, responses, command_streams, versions, positions)
                AS c (command_id, fingerprint, response, stream, version, position)
            WHERE c.position > 0
        )
        UPDATE event_log.log_head AS h SET position = log_position, recorded_at = appended_at;
    END IF;

    RETURN QUERY SELECT
        a.outcome, a.number, a.version, a.position, appended_at, log_epoch, newest_position, newest_event
    FROM unnest(outcomes, numbers, versions, positions) WITH ORDINALITY
        AS a (outcome, number, version, position, place)
    ORDER BY a.place;
END
$$;

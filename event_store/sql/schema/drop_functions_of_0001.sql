-- Functions that were replaced by ones with more parameters: nobody may append past the check of the history.
DROP FUNCTION IF EXISTS event_log.append(
    uuid[], bytea[], bytea[], text[], integer[], integer[], integer[], integer[], integer[], text[],
    integer[], integer[], integer[], text[], text[], smallint[], bytea[], uuid[], text[], text[], text[]
);
DROP FUNCTION IF EXISTS event_log.save_snapshot(text, integer, bytea, bytea);

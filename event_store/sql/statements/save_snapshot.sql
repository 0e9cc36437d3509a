-- Keeps a snapshot unless a newer one is there; see functions/save_snapshot.sql.
SELECT event_log.save_snapshot($1::text, $2::integer, $3::bytea, $4::bytea, $5, $6);

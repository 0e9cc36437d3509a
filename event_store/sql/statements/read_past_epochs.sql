-- The epochs that are over, with the last position that each has in common with the next.
SELECT p.epoch, p.last_common_position FROM event_log.past_epochs AS p ORDER BY p.ended_at, p.epoch;

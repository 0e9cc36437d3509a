-- Begins a new epoch where the log ends now, and notes where the one before it ended.
WITH ended AS (
    SELECT h.epoch, h.position FROM event_log.log_head AS h FOR UPDATE
), noted AS (
    INSERT INTO event_log.past_epochs (epoch, last_common_position)
    SELECT e.epoch, e.position FROM ended AS e
)
UPDATE event_log.log_head AS h SET epoch = gen_random_uuid()
FROM ended AS e
RETURNING h.epoch, h.position, e.epoch AS ended_epoch;

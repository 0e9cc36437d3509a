-- Where the log ends.
SELECT h.epoch, h.position, h.recorded_at FROM event_log.log_head AS h;

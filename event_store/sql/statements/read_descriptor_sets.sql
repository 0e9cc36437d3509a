-- Every descriptor set with the names of the event types that it explains.
SELECT d.hash, d.content, array_agg(t.name ORDER BY t.name) AS names
FROM event_log.descriptor_sets AS d
INNER JOIN event_log.event_types AS t ON t.descriptor_set_hash = d.hash
GROUP BY d.hash, d.content, d.recorded_at
ORDER BY d.recorded_at;

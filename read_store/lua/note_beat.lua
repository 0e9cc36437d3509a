-- Notes in the checkpoint what the writer knows of the log's end, and that it was so at `known`, by this server's
-- clock and no later. Not since this call: it may have lain here, or the writer have slept.
local function note_beat(data, position, head, known)
  local checkpoint = data .. 'checkpoint'
  local before = redis.call('HGET', checkpoint, 'beat_us') or '0'
  redis.call('HSET', checkpoint, 'head', head, 'beat_us', known)
  if position == head then
    redis.call('HSET', checkpoint, 'caught_up_us', known, 'is_filled', '1')
  elseif tonumber(redis_now()) < tonumber(before) then
    -- The clock went back, so nobody can tell how long ago this was caught up.
    redis.call('HSET', checkpoint, 'caught_up_us', '0')
  end
end

-- Notes in the checkpoint what the writer knows of the log's end, and when it said so.
local function note_beat(data, position, head)
  local now = redis_now()
  redis.call('HSET', data .. 'checkpoint', 'head', head, 'beat_us', now)
  if position == head then
    redis.call('HSET', data .. 'checkpoint', 'caught_up_us', now)
  end
end

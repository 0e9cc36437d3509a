-- Notes in the checkpoint what the writer knows of the log's end, and since when, on this server's clock; `age_us`
-- ago the writer learned it.
local function note_beat(data, position, head, age_us)
  local checkpoint = data .. 'checkpoint'
  local known = string.format('%d', tonumber(redis_now()) - tonumber(age_us))
  local before = redis.call('HGET', checkpoint, 'beat_us') or '0'
  redis.call('HSET', checkpoint, 'head', head, 'beat_us', known)
  if position == head then
    redis.call('HSET', checkpoint, 'caught_up_us', known, 'is_filled', '1')
  elseif tonumber(known) < tonumber(before) then
    -- The clock went back, so nobody can tell how long ago this was caught up.
    redis.call('HSET', checkpoint, 'caught_up_us', '0')
  end
end

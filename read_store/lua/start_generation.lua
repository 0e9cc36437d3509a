-- Starts an empty generation and points the readers at it. Arguments: token, version, epoch, head, seal of the
-- checkpoint, then each epoch that is over and the last position it has in common with the next.
-- Answers the new generation and the one that was live.
local function start_generation(keys, argv)
  local root = keys[1]
  local fence = redis.call('GET', root .. 'fence')
  if fence and tonumber(argv[1]) < tonumber(fence) then
    return redis.error_reply('FENCED a newer lease was granted')
  end
  local before = redis.call('GET', root .. 'live') or '0'
  local newest = redis.call('GET', root .. 'newest') or '0'
  local generation = string.format('%d', math.max(tonumber(before), tonumber(newest)) + 1)
  -- What tells the numbers in use may be lost, and a generation that is not empty would be counted double.
  while redis.call('EXISTS', root .. 'g' .. generation .. ':checkpoint', root .. 'g' .. generation .. ':sizes') > 0 do
    generation = string.format('%d', tonumber(generation) + 1)
  end
  local now = redis_now()
  redis.call('HSET', root .. 'g' .. generation .. ':checkpoint',
    'epoch', argv[3], 'position', '0', 'version', argv[2], 'events', '0', 'head', argv[4],
    'seal', argv[5], 'sizes', '0', 'started_us', now, 'caught_up_us', now, 'beat_us', now)
  if argv[6] then
    redis.call('HSET', root .. 'g' .. generation .. ':epochs', unpack(argv, 6))
  end
  redis.call('SET', root .. 'newest', generation)
  redis.call('SET', root .. 'live', generation)
  redis.call('PUBLISH', root .. 'applied', argv[3] .. ' 0 ' .. generation)
  return { generation, before }
end

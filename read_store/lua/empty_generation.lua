-- Makes an empty generation and answers its number. The arguments from `first` on: version, epoch, head, seal of the
-- checkpoint, when the log's first event was recorded in us (0: it has none), then each epoch that is over and the
-- last position it has in common with the next.
local function empty_generation(root, argv, first)
  local newest = redis.call('GET', root .. 'newest') or '0'
  local live = redis.call('GET', root .. 'live') or '0'
  local generation = string.format('%d', math.max(tonumber(live), tonumber(newest)) + 1)
  -- What tells the numbers in use may be lost, and a generation that is not empty would be counted double.
  while redis.call('EXISTS', root .. 'g' .. generation .. ':checkpoint', root .. 'g' .. generation .. ':sizes') > 0 do
    generation = string.format('%d', tonumber(generation) + 1)
  end
  local now = redis_now()
  local since = argv[first + 4] == '0' and now or argv[first + 4]
  redis.call('HSET', root .. 'g' .. generation .. ':checkpoint',
    'version', argv[first], 'epoch', argv[first + 1], 'position', '0', 'events', '0', 'head', argv[first + 2],
    'seal', argv[first + 3], 'sizes', '0', 'since_us', since, 'caught_up_us', '0', 'beat_us', now)
  if argv[first + 5] then
    redis.call('HSET', root .. 'g' .. generation .. ':epochs', unpack(argv, first + 5))
  end
  redis.call('SET', root .. 'newest', generation)
  return generation
end

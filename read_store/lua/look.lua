-- Answers which generations there are, and of one of them the checkpoint and the number of its sizes.
-- Argument: the generation ('0' for the live one).
local function look(keys, argv)
  local root = keys[1]
  local live = redis.call('GET', root .. 'live') or '0'
  local data = root .. 'g' .. (argv[1] == '0' and live or argv[1]) .. ':'
  return { live, redis.call('HGETALL', root .. 'generations'), redis_now(),
    redis.call('HGETALL', data .. 'checkpoint'), redis.call('HLEN', data .. 'sizes') }
end

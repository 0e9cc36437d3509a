-- Grants the partition's lease, with a fence token above all earlier ones. Arguments: holder, lease in us.
-- A holder that asks again takes over from itself at once: it is its own successor after a crash.
local function acquire_lease(keys, argv)
  local root, now = keys[1], redis_now()
  local lease = redis.call('HMGET', root .. 'lease', 'holder', 'until_us')
  if lease[1] and lease[1] ~= argv[1] and tonumber(lease[2]) > tonumber(now) then
    return false
  end
  local token = redis.call('INCR', root .. 'fence')
  local ends = string.format('%d', tonumber(now) + tonumber(argv[2]))
  redis.call('HSET', root .. 'lease', 'holder', argv[1], 'token', token, 'until_us', ends)
  return tostring(token)
end

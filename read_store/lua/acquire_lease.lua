-- Grants the partition's lease, with a fence token above all earlier ones. Arguments: holder, lease in us.
-- A holder that asks again takes over from itself at once: it is its own successor after a crash.
local function acquire_lease(keys, argv)
  local root, now = keys[1], redis_now()
  local lease = redis.call('HMGET', root .. 'lease', 'holder', 'from_us', 'until_us')
  if lease[1] and lease[1] ~= argv[1] and is_held(now, lease[2], lease[3]) then
    return false
  end
  local token = redis.call('INCR', root .. 'fence')
  redis.call('HSET', root .. 'lease', 'holder', argv[1], 'token', token)
  hold_lease(root, now, argv[2])
  return tostring(token)
end

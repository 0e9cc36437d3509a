-- Prolongs a lease that nobody else was granted since. Arguments: token, lease in us.
local function renew_lease(keys, argv)
  local root = keys[1]
  if redis.call('HGET', root .. 'lease', 'token') ~= argv[1] then
    return 0
  end
  local ends = string.format('%d', tonumber(redis_now()) + tonumber(argv[2]))
  redis.call('HSET', root .. 'lease', 'until_us', ends)
  return 1
end

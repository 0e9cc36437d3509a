-- Prolongs a lease that nobody else was granted since. Arguments: token, lease in us.
local function renew_lease(keys, argv)
  local root = keys[1]
  if redis.call('HGET', root .. 'lease', 'token') ~= argv[1] then
    return 0
  end
  hold_lease(root, redis_now(), argv[2])
  return 1
end

-- Gives a lease back, so that the next holder need not wait for its end. Arguments: token.
local function release_lease(keys, argv)
  local root = keys[1]
  if redis.call('HGET', root .. 'lease', 'token') == argv[1] then
    redis.call('DEL', root .. 'lease')
  end
  return 1
end

-- Notes that a process takes part until some time from now, or no longer, and answers all that do.
-- Arguments: member, for how long in us ('0': it leaves now).
local function attend(keys, argv)
  local key, now, lasts = keys[1] .. 'members', tonumber(redis_now()), tonumber(argv[2])
  if lasts > 0 then
    redis.call('ZADD', key, string.format('%d', now + lasts), argv[1])
  else
    redis.call('ZREM', key, argv[1])
  end
  local flat, members = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES'), {}
  for at = 1, #flat, 2 do
    local ends = tonumber(flat[at + 1])
    -- One that ends too late is from before the clock went back; who lives says so again.
    if ends <= now or (lasts > 0 and ends > now + 2 * lasts) then
      redis.call('ZREM', key, flat[at])
    else
      members[#members + 1] = flat[at]
    end
  end
  return members
end

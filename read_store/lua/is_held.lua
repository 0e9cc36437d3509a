-- Whether a lease runs now. One that begins in the future is over: the clock went back, and it would last too long.
local function is_held(now, from_us, until_us)
  return tonumber(from_us or '0') <= tonumber(now) and tonumber(now) < tonumber(until_us)
end

-- Lets the lease run from now on.
local function hold_lease(root, now, lease_us)
  local ends = string.format('%d', tonumber(now) + tonumber(lease_us))
  redis.call('HSET', root .. 'lease', 'from_us', now, 'until_us', ends)
end

-- The server's clock in microseconds, as text.
local function redis_now()
  local time = redis.call('TIME')
  return string.format('%d%06d', tonumber(time[1]), tonumber(time[2]))
end

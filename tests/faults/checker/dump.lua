-- Everything under a prefix at one moment: key, type, content for each key, and the server's own time.
local found, place = {}, '0'
repeat
  local answer = redis.call('SCAN', place, 'MATCH', ARGV[1], 'COUNT', '1000')
  place = answer[1]
  for _, key in ipairs(answer[2]) do
    local kind, content = redis.call('TYPE', key)['ok'], nil
    if kind == 'string' then
      content = { redis.call('GET', key) }
    elseif kind == 'hash' then
      content = redis.call('HGETALL', key)
    elseif kind == 'zset' then
      content = redis.call('ZRANGE', key, '0', '-1', 'WITHSCORES')
    elseif kind == 'list' then
      content = redis.call('LRANGE', key, '0', '-1')
    else
      content = redis.call('SMEMBERS', key)
    end
    found[#found + 1] = { key, kind, content }
  end
until place == '0'
local now = redis.call('TIME')
return { now[1], now[2], found }

-- Remembers all terms of an entity that has several in one text index, so that a search finds it once.
local function name_terms(data, index, argv, first, last)
  local key = data .. 'x:' .. index .. ':of'
  for at = first, last, 2 do
    if argv[at + 1] == '' then
      redis.call('HDEL', key, argv[at])
    else
      redis.call('HSET', key, argv[at], argv[at + 1])
    end
  end
end

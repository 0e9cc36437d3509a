-- How many entities stand in an index, within a score range.
local function read_count(data, wanted)
  require_size(data, 'i:' .. wanted.index)
  return redis.call('ZCOUNT', data .. 'i:' .. wanted.index, wanted.min or '-inf', wanted.max or '+inf')
end

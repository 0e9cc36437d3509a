-- The columns of one row of a tally.
local function read_tally_row(data, wanted)
  return redis.call('HGETALL', data .. 't:' .. wanted.tally .. ':' .. wanted.row)
end

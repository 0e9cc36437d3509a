-- One document with its joined tallies, or false.
local function read_document(data, wanted)
  local value = redis.call('HGET', data .. 'd:' .. wanted.view, wanted.id)
  if not value then
    require_size(data, 'd:' .. wanted.view)
    return false
  end
  local joined = joined_to(data, wanted.joins, { wanted.id })
  return { value, joined and joined[1] }
end

-- One document with its joined tallies, or false.
local function read_document(data, wanted)
  local value = redis.call('HGET', data .. 'd:' .. wanted.view, wanted.id)
  if not value then
    require_size(data, 'd:' .. wanted.view)
    return false
  end
  local row = { wanted.id, '0', value }
  return attach_documents(data, nil, wanted.joins, { row })[1]
end

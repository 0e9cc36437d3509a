-- Of sorted sets that share an order: the key of the smallest, and the keys of the others.
local function smallest_index(data, indexes)
  local smallest, least, others = nil, nil, {}
  for _, index in ipairs(indexes) do
    local key = data .. 'i:' .. index
    local size = redis.call('ZCARD', key)
    require_size(data, 'i:' .. index, size)
    if least == nil or size < least then
      if smallest then
        others[#others + 1] = smallest
      end
      smallest, least = key, size
    else
      others[#others + 1] = key
    end
  end
  return smallest, others
end

-- Writes the sizes of keys that a batch has changed, and notes a key of another size than its own. Members that
-- somebody else took away or put there keep count and key apart for ever, whatever is written later.
local function write_sizes(data, changes)
  local names = {}
  for name in pairs(changes.grown) do
    names[#names + 1] = name
  end
  for first = 1, #names, 1000 do
    local last = math.min(first + 999, #names)
    local before, after = redis.call('HMGET', data .. 'sizes', unpack(names, first, last)), {}
    for at = first, last do
      local name = names[at]
      local size = tonumber(before[at - first + 1] or '0') + changes.grown[name]
      after[#after + 1] = name
      after[#after + 1] = string.format('%d', size)
      if size ~= members_of(data, name) then
        changes.damage = 'key ' .. name
      end
    end
    redis.call('HSET', data .. 'sizes', unpack(after))
  end
end

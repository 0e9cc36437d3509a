-- Looks at some keys' sizes, from a place of the scan on; answers the next place and the names looked at.
local function read_key_sizes(data, wanted)
  local scanned = redis.call('HSCAN', data .. 'sizes', wanted.place, 'COUNT', wanted.limit)
  local names = {}
  for at = 1, #scanned[2], 2 do
    local name = scanned[2][at]
    names[#names + 1] = name
    if members_of(data, name) ~= tonumber(scanned[2][at + 1]) then
      raise_damage('key ' .. name)
    end
  end
  return { scanned[1], names }
end

-- Looks at the sizes of some trigrams of a text index, from a place of the scan on; answers the next place.
local function read_gram_sizes(data, wanted)
  local root = data .. 'x:' .. wanted.index .. ':'
  local scanned = redis.call('HSCAN', root .. 'sizes', wanted.place, 'COUNT', wanted.limit)
  for at = 1, #scanned[2], 2 do
    local gram = scanned[2][at]
    if redis.call('ZCARD', root .. 'g:' .. gram) ~= tonumber(scanned[2][at + 1]) then
      raise_damage('gram ' .. wanted.index .. ' ' .. gram)
    end
  end
  return scanned[1]
end

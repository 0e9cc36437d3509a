-- The size of a trigram's set; raises DAMAGED when it is not what the writer has put into it.
local function require_gram(data, index, gram)
  local root = data .. 'x:' .. index .. ':'
  local size = redis.call('ZCARD', root .. 'g:' .. gram)
  if size ~= tonumber(redis.call('HGET', root .. 'sizes', gram) or '0') then
    raise_damage('gram ' .. index .. ' ' .. gram)
  end
  return size
end

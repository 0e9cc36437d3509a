-- The members of a generation's key by its name among the sizes: d:<view>, i:<index>, t:<tally>, x:<text index>
-- for its terms, g:<text index> for the trigrams of which it keeps a size.
local function members_of(data, name)
  local kind, subject = string.sub(name, 1, 2), string.sub(name, 3)
  if kind == 'd:' then
    return redis.call('HLEN', data .. name)
  elseif kind == 'g:' then
    return redis.call('HLEN', data .. 'x:' .. subject .. ':sizes')
  end
  return redis.call('ZCARD', data .. name .. (kind == 'x:' and ':terms' or ''))
end

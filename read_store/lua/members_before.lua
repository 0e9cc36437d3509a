-- How many members of a sorted set stand before (score, id), itself counted if asked for; the id may be gone.
local function members_before(key, score, id, with_itself)
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. score)
  local high = redis.call('ZCOUNT', key, '-inf', score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    local member = redis.call('ZRANGE', key, middle, middle)[1]
    if comes_before(member, id) or (with_itself and member == id) then
      low = middle + 1
    else
      high = middle
    end
  end
  return low
end

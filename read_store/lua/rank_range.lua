-- The first and the last rank that a page may touch: after the place reached, within the score range.
local function rank_range(key, page)
  local first, last = 0, redis.call('ZCARD', key) - 1
  if page.min then
    first = redis.call('ZCOUNT', key, '-inf', '(' .. page.min)
  end
  if page.max then
    last = redis.call('ZCOUNT', key, '-inf', page.max) - 1
  end
  if page.after and page.descending then
    last = math.min(last, members_before(key, page.after[1], page.after[2], false) - 1)
  elseif page.after then
    first = math.max(first, members_before(key, page.after[1], page.after[2], true))
  end
  return first, last
end

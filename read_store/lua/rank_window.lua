-- The next members to look at, in walking order, with their scores, and the ranks that remain after them.
local function rank_window(key, first, last, size, descending)
  local from, to
  if descending then
    from, to = math.max(first, last - size + 1), last
    last = from - 1
  else
    from, to = first, math.min(last, first + size - 1)
    first = to + 1
  end
  local flat = redis.call('ZRANGE', key, from, to, 'WITHSCORES')
  local ids, scores, count = {}, {}, #flat / 2
  for at = 1, count do
    local place = descending and count - at + 1 or at
    ids[at], scores[at] = flat[place * 2 - 1], flat[place * 2]
  end
  return ids, scores, first, last
end

-- The next members to look at, in walking order, and the ranks that remain after them.
local function rank_window(key, first, last, size, descending)
  if not descending then
    local to = math.min(last, first + size - 1)
    return redis.call('ZRANGE', key, first, to), to + 1, last
  end
  local from = math.max(first, last - size + 1)
  local ids = redis.call('ZRANGE', key, from, last)
  local head, tail = 1, #ids
  while head < tail do
    ids[head], ids[tail] = ids[tail], ids[head]
    head, tail = head + 1, tail - 1
  end
  return ids, first, from - 1
end

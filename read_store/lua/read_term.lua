-- Adds the entities of one term to what a walk has found, in the order of (rank, id), after a place if given.
-- Answers the place reached, or false when the term is at its end.
local function read_term(data, root, page, walk, term, after)
  local key, others = root .. 'e:' .. redis.sha1hex(term), {}
  for at, index in ipairs(page.indexes) do
    others[at] = data .. 'i:' .. index
  end
  if redis.call('EXISTS', key) == 0 then
    raise_damage('term ' .. page.index .. ' ' .. redis.sha1hex(term))
  end
  local first, last = rank_range(key, { after = after, descending = page.ranks_descending })
  while first <= last do
    local size = math.min(1000, math.max(page.limit - #walk.ids, 64))
    local window
    window, first, last = rank_window(key, first, last, size, page.ranks_descending)
    walk.looked_at = walk.looked_at + #window
    local passes = passing(data, window, others, page.probes)
    for at, id in ipairs(window) do
      if passes[at] then
        local found = #walk.ids + 1
        walk.ids[found], walk.terms[found] = id, term
        if page.with_scores then
          walk.ranks[found] = redis.call('ZSCORE', key, id)
        end
        if found == page.limit then
          return { term, redis.call('ZSCORE', key, id), id }
        end
      end
    end
    if walk.looked_at >= page.work then
      return { term, redis.call('ZSCORE', key, window[#window]), window[#window] }
    end
  end
  return false
end

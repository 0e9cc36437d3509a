-- Adds the entities of one term to the rows, in the order of (rank, id), after a place if given. Answers the
-- place reached, or false when the term is at its end.
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
    local size = math.min(1000, math.max(page.limit - #walk.rows, 64))
    local ids, ranks
    ids, ranks, first, last = rank_window(key, first, last, size, page.ranks_descending)
    walk.looked_at = walk.looked_at + #ids
    local passes = passing(data, ids, others, page.probes)
    for at, id in ipairs(ids) do
      if passes[at] then
        walk.rows[#walk.rows + 1] = page.with_ranks and { id, term, false, false, ranks[at] } or { id, term }
        if #walk.rows == page.limit then
          return { term, ranks[at], id }
        end
      end
    end
    if walk.looked_at >= page.work then
      return { term, ranks[#ids], ids[#ids] }
    end
  end
  return false
end

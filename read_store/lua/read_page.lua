-- Those of a window that pass the filters, added to the ids found so far until there are as many as wanted. Answers
-- the last that was looked at, and whether any is left.
local function take_passing(data, window, others, page, ids)
  local passes = passing(data, window, others, page.probes)
  for at, id in ipairs(window) do
    if passes[at] then
      ids[#ids + 1] = id
      if #ids == page.limit then
        return id, at < #window
      end
    end
  end
  return window[#window], false
end

-- Walks sorted sets that share an order; answers the ids found, their documents, their joined tallies, the place
-- reached (none means the end), and their scores if asked for. Where no documents are wanted: the ids, the place
-- reached, the places of every page.size-th of them before it, and, of a walk through all of a sorted set, the ranks
-- that remain.
-- The work is bounded: after page.work members looked at, the place is answered with what was found so far.
local function read_page(data, page)
  local key, others = smallest_index(data, page.indexes)
  require_probes(data, page.probes)
  local first, last = rank_range(key, page)
  local is_filtered = #others > 0 or #(page.probes or {}) > 0
  local ids, reached, is_left, looked_at = {}, false, false, 0
  while first <= last and #ids < page.limit and looked_at < page.work do
    local size = math.min(2000, math.max(page.limit - #ids, is_filtered and 64 or 1), page.work - looked_at)
    local window
    window, first, last = rank_window(key, first, last, size, page.descending)
    looked_at = looked_at + #window
    if is_filtered then
      reached, is_left = take_passing(data, window, others, page, ids)
    else
      -- No page is larger than a window.
      ids, reached = window, window[#window]
    end
  end
  local place = (is_left or first <= last) and reached and { redis.call('ZSCORE', key, reached), reached }
  if page.size then
    return { ids, place, places_within(ids, page.size, function(at)
      return { redis.call('ZSCORE', key, ids[at]), ids[at] }
    end), not is_filtered and { first, last } }
  end
  return { ids, documents_of(data, page.view, ids), joined_to(data, page.joins, ids), place,
    page.with_scores and scores_of(key, ids) or false }
end

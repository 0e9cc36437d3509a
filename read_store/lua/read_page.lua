-- Walks sorted sets that share an order and answers {rows, place reached}; no place means the end.
-- The work is bounded: after page.work members looked at, the place is answered with the rows so far.
local function read_page(data, page)
  local key, others = smallest_index(data, page.indexes)
  require_probes(data, page.probes)
  local first, last = rank_range(key, page)
  local rows, reached, looked_at = {}, false, 0
  while first <= last and #rows < page.limit and looked_at < page.work do
    local size = math.min(1000, math.max(page.limit - #rows, 64), page.work - looked_at)
    local ids, scores
    ids, scores, first, last = rank_window(key, first, last, size, page.descending)
    local passes = passing(data, ids, others, page.probes)
    looked_at = looked_at + #ids
    for at, id in ipairs(ids) do
      reached = { scores[at], id }
      if passes[at] then
        rows[#rows + 1] = { id, scores[at] }
        if #rows == page.limit then
          if at < #ids then
            -- Members of this window are left, so the walk is not at its end.
            first, last = 0, 0
          end
          break
        end
      end
    end
  end
  if first > last then
    reached = false
  end
  return { attach_documents(data, page.view, page.joins, rows), reached }
end

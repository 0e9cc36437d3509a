-- Adds the entities of one term to the rows, after an id if given. Answers the place reached, or false when
-- the term is at its end.
local function read_term(data, root, page, walk, term, after_id)
  local key, reached_id = root .. 'e:' .. redis.sha1hex(term), after_id
  local others = {}
  for at, index in ipairs(page.indexes) do
    others[at] = data .. 'i:' .. index
  end
  while true do
    local size = math.min(1000, math.max(page.limit - #walk.rows, 64))
    local ids = lex_window(key, reached_id, false, page.descending, size)
    if #ids == 0 then
      return false
    end
    walk.looked_at = walk.looked_at + #ids
    local passes = passing(data, ids, others, page.probes)
    local known = redis.call('HMGET', root .. 'of', unpack(ids))
    for at, id in ipairs(ids) do
      reached_id = id
      if passes[at] and (not known[at] or is_first_match(known[at], term, page.query)) then
        walk.rows[#walk.rows + 1] = { id, term }
        if #walk.rows == page.limit then
          return { term, id }
        end
      end
    end
    if walk.looked_at >= page.work then
      return { term, reached_id }
    end
  end
end

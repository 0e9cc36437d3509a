-- Stands, with no id, for the end of a term: a walk goes on after it with the next term.
local END_RANK = '0'

-- Walks a text index in the order of (term, rank, id), terms with the query in them only; answers as read_page, and
-- the terms where documents are wanted.
local function read_text_page(data, page)
  local root = data .. 'x:' .. page.index .. ':'
  local source = term_source(data, page.index, page.query)
  for _, index in ipairs(page.indexes) do
    require_size(data, 'i:' .. index)
  end
  require_probes(data, page.probes)
  local walk = { ids = {}, terms = {}, ranks = {}, looked_at = 0 }
  local term = page.after and page.after[1]
  local after = page.after and { page.after[2], page.after[3] }
  -- A term that was walked to its end is not looked at again, or a small bound would never get past it.
  local with_itself, reached = not (after and after[2] == ''), false
  while not reached do
    local terms = lex_window(source, term, with_itself, page.descending, 100)
    if #terms == 0 then
      break
    end
    for _, found in ipairs(terms) do
      walk.looked_at = walk.looked_at + 1
      if string.find(found, page.query, 1, true) then
        local from = page.after and found == page.after[1] and after or nil
        reached = read_term(data, root, page, walk, found, from)
      end
      term, with_itself = found, false
      if not reached and walk.looked_at >= page.work then
        reached = { found, END_RANK, '' }
      end
      if reached then
        break
      end
    end
  end
  if page.size then
    return { walk.ids, reached, places_within(walk.ids, page.size, function(at)
      local term, id = walk.terms[at], walk.ids[at]
      return { term, redis.call('ZSCORE', root .. 'e:' .. redis.sha1hex(term), id), id }
    end) }
  end
  return { walk.ids, documents_of(data, page.view, walk.ids), joined_to(data, page.joins, walk.ids), reached,
    page.with_scores and walk.ranks or false, walk.terms }
end

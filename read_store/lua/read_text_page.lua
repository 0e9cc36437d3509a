-- Walks a text index in the order of (term, id), terms with the query in them only; answers {rows, place}.
local function read_text_page(data, page)
  local root = data .. 'x:' .. page.index .. ':'
  local source = term_source(root, page.query)
  local walk = { rows = {}, looked_at = 0 }
  local term = page.after and page.after[1]
  local after_id = page.after and page.after[2]
  -- An id past every other one says that the term was read to its end.
  local past = page.descending and '' or '\127'
  local with_itself, reached = after_id ~= past, false
  while not reached do
    local terms = lex_window(source, term, with_itself, page.descending, 100)
    if #terms == 0 then
      break
    end
    for _, found in ipairs(terms) do
      walk.looked_at = walk.looked_at + 1
      if string.find(found, page.query, 1, true) then
        local from = page.after and found == page.after[1] and after_id or nil
        reached = read_term(data, root, page, walk, found, from)
      end
      term, with_itself = found, false
      if reached then
        break
      end
      if walk.looked_at >= page.work then
        reached = { found, past }
        break
      end
    end
  end
  return { attach_documents(data, page.view, page.joins, walk.rows), reached }
end

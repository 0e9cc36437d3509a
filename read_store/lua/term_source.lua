-- The sorted set whose terms may have the query in them: the rarest trigram's, or all terms of the index.
-- Raises DAMAGED when one of the sets looked at has not the size that it should have.
local function term_source(data, index, query)
  local root, least = data .. 'x:' .. index .. ':', nil
  local source = root .. 'terms'
  require_size(data, 'x:' .. index)
  for _, gram in ipairs(trigrams(query)) do
    local key, size = root .. 'g:' .. gram, require_gram(data, index, gram)
    if least == nil or size < least then
      source, least = key, size
    end
  end
  if least == 0 then
    -- A size may have been lost with its set.
    require_size(data, 'g:' .. index)
  end
  return source
end

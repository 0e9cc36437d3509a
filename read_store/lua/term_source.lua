-- The sorted set whose terms may have the query in them: the rarest trigram's, or all terms of the index.
local function term_source(root, query)
  local source, least = root .. 'terms', nil
  for _, gram in ipairs(trigrams(query)) do
    local key = root .. 'g:' .. gram
    local size = redis.call('ZCARD', key)
    if least == nil or size < least then
      source, least = key, size
    end
  end
  return source
end

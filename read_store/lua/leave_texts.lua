-- Takes each (id, folded term) out of a text index; a term that no entity bears is forgotten.
local function leave_texts(data, index, argv, first, last)
  local root = data .. 'x:' .. index .. ':'
  for at = first, last, 2 do
    local id, term = argv[at], argv[at + 1]
    local entities = root .. 'e:' .. redis.sha1hex(term)
    redis.call('ZREM', entities, id)
    if redis.call('EXISTS', entities) == 0 then
      redis.call('ZREM', root .. 'terms', term)
      for _, gram in ipairs(trigrams(term)) do
        redis.call('ZREM', root .. 'g:' .. gram, term)
      end
    end
  end
end

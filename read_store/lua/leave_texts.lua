-- Takes each (id, folded term) out of a text index; a term that no entity bears is forgotten.
local function leave_texts(data, index, list, first, last, changes)
  local root, terms, grams = data .. 'x:' .. index .. ':', 0, 0
  for at = first, last, 2 do
    local id, term = list[at], list[at + 1]
    local entities = root .. 'e:' .. redis.sha1hex(term)
    redis.call('ZREM', entities, id)
    if redis.call('EXISTS', entities) == 0 and redis.call('ZREM', root .. 'terms', term) == 1 then
      terms = terms - 1
      for _, gram in ipairs(trigrams(term)) do
        redis.call('ZREM', root .. 'g:' .. gram, term)
        if redis.call('HINCRBY', root .. 'sizes', gram, -1) == 0 then
          redis.call('HDEL', root .. 'sizes', gram)
          grams = grams - 1
        end
      end
    end
  end
  note_size(changes, 'x:' .. index, terms)
  note_size(changes, 'g:' .. index, grams)
end

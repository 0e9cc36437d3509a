-- Puts each (id, folded term, rank) into a text index; a term that is new becomes findable by its trigrams.
local function enter_texts(data, index, argv, first, last, changes)
  local root, terms, grams = data .. 'x:' .. index .. ':', 0, 0
  for at = first, last, 3 do
    local id, term, rank = argv[at], argv[at + 1], argv[at + 2]
    redis.call('ZADD', root .. 'e:' .. redis.sha1hex(term), rank, id)
    if redis.call('ZADD', root .. 'terms', '0', term) == 1 then
      terms = terms + 1
      for _, gram in ipairs(trigrams(term)) do
        redis.call('ZADD', root .. 'g:' .. gram, '0', term)
        if redis.call('HINCRBY', root .. 'sizes', gram, 1) == 1 then
          grams = grams + 1
        end
      end
    end
  end
  note_size(changes, 'x:' .. index, terms)
  note_size(changes, 'g:' .. index, grams)
end

-- Puts each (id, folded term, rank) into a text index; a term that is new becomes findable by its trigrams.
local function enter_texts(data, index, argv, first, last, changes)
  local root, ranks, terms, added, grams = data .. 'x:' .. index .. ':', {}, {}, 0, 0
  for at = first, last, 3 do
    local term = argv[at + 1]
    if not ranks[term] then
      ranks[term], terms[#terms + 1] = {}, term
    end
    local own = ranks[term]
    own[#own + 1], own[#own + 2] = argv[at + 2], argv[at]
  end
  local known = redis.call('ZMSCORE', root .. 'terms', unpack(terms))
  for place, term in ipairs(terms) do
    redis.call('ZADD', root .. 'e:' .. redis.sha1hex(term), unpack(ranks[term]))
    if not known[place] then
      redis.call('ZADD', root .. 'terms', '0', term)
      added = added + 1
      for _, gram in ipairs(trigrams(term)) do
        redis.call('ZADD', root .. 'g:' .. gram, '0', term)
        if redis.call('HINCRBY', root .. 'sizes', gram, 1) == 1 then
          grams = grams + 1
        end
      end
    end
  end
  note_size(changes, 'x:' .. index, added)
  note_size(changes, 'g:' .. index, grams)
end

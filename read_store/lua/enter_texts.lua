-- So many trigrams are looked up and written in one call.
local MOST_GRAMS = 1000

-- The terms of each trigram, ready to be entered, and the trigrams.
local function terms_by_gram(terms)
  local scored, grams = {}, {}
  for _, term in ipairs(terms) do
    for _, gram in ipairs(trigrams(term)) do
      local own = scored[gram]
      if own then
        own[#own + 1], own[#own + 2] = '0', term
      else
        scored[gram], grams[#grams + 1] = { '0', term }, gram
      end
    end
  end
  return scored, grams
end

-- Makes new terms findable by their trigrams, each trigram written once, and answers how many of these are new.
local function enter_grams(root, index, terms, changes)
  local scored, grams = terms_by_gram(terms)
  local added = 0
  for first = 1, #grams, MOST_GRAMS do
    local last, sizes = math.min(first + MOST_GRAMS - 1, #grams), {}
    local before = redis.call('HMGET', root .. 'sizes', unpack(grams, first, last))
    for at = first, last do
      local gram, size = grams[at], before[at - first + 1]
      redis.call('ZADD', root .. 'g:' .. gram, unpack(scored[gram]))
      if not size then
        added = added + 1
      elseif not tonumber(size) then
        changes.damage = 'gram ' .. index .. ' ' .. gram
      end
      sizes[#sizes + 1] = gram
      sizes[#sizes + 1] = string.format('%d', (tonumber(size or '0') or 0) + #scored[gram] / 2)
    end
    redis.call('HSET', root .. 'sizes', unpack(sizes))
  end
  return added
end

-- Puts each (id, folded term, rank) into a text index; a term that is new becomes findable by its trigrams.
local function enter_texts(data, index, list, first, last, changes)
  local root, ranks, terms, new, scored = data .. 'x:' .. index .. ':', {}, {}, {}, {}
  for at = first, last, 3 do
    local term = list[at + 1]
    local own = ranks[term]
    if own then
      own[#own + 1], own[#own + 2] = list[at + 2], list[at]
    else
      ranks[term], terms[#terms + 1] = { list[at + 2], list[at] }, term
    end
  end
  local known = redis.call('ZMSCORE', root .. 'terms', unpack(terms))
  for place, term in ipairs(terms) do
    redis.call('ZADD', root .. 'e:' .. redis.sha1hex(term), unpack(ranks[term]))
    if not known[place] then
      new[#new + 1] = term
      scored[#scored + 1], scored[#scored + 2] = '0', term
    end
  end
  if #new > 0 then
    redis.call('ZADD', root .. 'terms', unpack(scored))
    note_size(changes, 'x:' .. index, #new)
    note_size(changes, 'g:' .. index, enter_grams(root, index, new, changes))
  end
end

-- Looks at some terms of a text index, after one of them: each has to stand under all of its trigrams. Answers the
-- last one, or false at the end.
local function read_terms(data, wanted)
  local root, terms_of, grams = data .. 'x:' .. wanted.index .. ':', {}, {}
  local after = wanted.after and '(' .. wanted.after or '-'
  local terms = redis.call('ZRANGEBYLEX', root .. 'terms', after, '+', 'LIMIT', 0, wanted.limit)
  for _, term in ipairs(terms) do
    for _, gram in ipairs(trigrams(term)) do
      local own = terms_of[gram]
      if own then
        own[#own + 1] = term
      else
        terms_of[gram], grams[#grams + 1] = { term }, gram
      end
    end
  end
  for _, gram in ipairs(grams) do
    for _, score in ipairs(redis.call('ZMSCORE', root .. 'g:' .. gram, unpack(terms_of[gram]))) do
      if not score then
        raise_damage('gram ' .. wanted.index .. ' ' .. gram)
      end
    end
  end
  return #terms == wanted.limit and terms[#terms]
end

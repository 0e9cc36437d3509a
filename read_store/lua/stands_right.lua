-- Whether an entity has its scores in its indexes, and its terms in its text indexes.
local function stands_right(data, document)
  for _, entry in ipairs(document.scores) do
    local score = redis.call('ZSCORE', data .. 'i:' .. entry[1], document.id)
    if not score or tonumber(score) ~= tonumber(entry[2]) then
      return false
    end
  end
  for _, entry in ipairs(document.texts) do
    local root, term = data .. 'x:' .. entry[1] .. ':', entry[2]
    local rank = redis.call('ZSCORE', root .. 'e:' .. redis.sha1hex(term), document.id)
    if not rank or tonumber(rank) ~= tonumber(entry[3]) or not redis.call('ZSCORE', root .. 'terms', term) then
      return false
    end
    for _, gram in ipairs(trigrams(term)) do
      if not redis.call('ZSCORE', root .. 'g:' .. gram, term) then
        return false
      end
    end
  end
  return true
end

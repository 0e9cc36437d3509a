-- Whether entities have these scores in a sorted set; names the first that has not, passing over those not judged.
local function first_misplaced(key, ids, scores, is_judged)
  for at, score in ipairs(redis.call('ZMSCORE', key, unpack(ids))) do
    if is_judged[ids[at]] and (not score or tonumber(score) ~= tonumber(scores[at])) then
      return ids[at]
    end
  end
end

-- The entities that have not changed since they were read; one that has is looked at again in its new place.
local function unchanged(data, wanted)
  local is_unchanged = {}
  for at, score in ipairs(redis.call('ZMSCORE', data .. 'i:changed/' .. wanted.view, unpack(wanted.ids))) do
    is_unchanged[wanted.ids[at]] = score and tonumber(score) == tonumber(wanted.positions[at])
  end
  return is_unchanged
end

-- Names the first entity that does not stand in its indexes as it should, or false. They are asked for an index at
-- a time, for a call costs more than what it asks for.
local function read_standing(data, wanted)
  local is_judged = unchanged(data, wanted)
  for _, place in ipairs(wanted.scores) do
    local misplaced = first_misplaced(data .. 'i:' .. place[1], place[2], place[3], is_judged)
    if misplaced then
      return misplaced
    end
  end
  for _, place in ipairs(wanted.texts) do
    local root, term, ids = data .. 'x:' .. place[1] .. ':', place[2], place[3]
    local scores = redis.call('ZSCORE', root .. 'terms', term) and place[4] or {}
    local misplaced = first_misplaced(root .. 'e:' .. redis.sha1hex(term), ids, scores, is_judged)
    if misplaced then
      return misplaced
    end
  end
  return false
end

-- Points the readers back at the generation that was live before; the one they leave is kept in its stead, and its
-- version is not filled again by itself. Answers the generation that is live now.
local function roll_back_generation(keys, _)
  local root = keys[1]
  local live, previous = redis.call('GET', root .. 'live'), redis.call('HGET', root .. 'generations', 'previous')
  if not live or not previous then
    return redis.error_reply('GENERATION_REFUSED none is kept from before')
  end
  local left, back = root .. 'g' .. live .. ':checkpoint', root .. 'g' .. previous .. ':checkpoint'
  local place = redis.call('HMGET', back, 'epoch', 'position', 'damaged')
  if not place[1] or place[3] or place[1] ~= redis.call('HGET', left, 'epoch') then
    return redis.error_reply('GENERATION_REFUSED it is lost, damaged, or of another history')
  end
  redis.call('HSET', root .. 'generations', 'previous', live,
    'refused_version', redis.call('HGET', left, 'version') or '0')
  redis.call('SET', root .. 'live', previous)
  redis.call('PUBLISH', root .. 'applied', place[1] .. ' ' .. place[2] .. ' ' .. previous)
  return previous
end

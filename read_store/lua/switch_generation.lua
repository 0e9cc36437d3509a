-- What a generation must know of the log before readers see it: as much as they have seen.
local function may_follow(live, new)
  local old = redis.call('HMGET', live, 'epoch', 'position')
  local own = redis.call('HMGET', new, 'epoch', 'position', 'damaged')
  if not own[1] or own[3] or own[1] ~= old[1] then
    return 'GENERATION_REFUSED it is lost, damaged, or of another history'
  elseif tonumber(own[2]) < tonumber(old[2]) then
    return 'GENERATION_BEHIND it has not come as far as the live one'
  end
  return nil
end

-- Points the readers at the generation that was filled beside the live one; the live one is kept. Arguments: token
-- ('' for an operator), generation.
local function switch_generation(keys, argv)
  local root, generation = keys[1], argv[2]
  local refusal = argv[1] ~= '' and outdated(root, argv[1]) or nil
  local live = redis.call('GET', root .. 'live') or '0'
  if redis.call('HGET', root .. 'generations', 'filling') ~= generation then
    refusal = refusal or 'GENERATION_REFUSED it is not the one that was filled'
  end
  local old, new = root .. 'g' .. live .. ':checkpoint', root .. 'g' .. generation .. ':checkpoint'
  refusal = refusal or may_follow(old, new)
  if refusal then
    return redis.error_reply(refusal)
  end
  -- It holds all that the live one holds, so it is as fresh as that was known to be.
  local known, own = redis.call('HGET', old, 'caught_up_us') or '0', redis.call('HGET', new, 'caught_up_us')
  if tonumber(known) > tonumber(own) then
    redis.call('HSET', new, 'caught_up_us', known)
  end
  redis.call('HSET', new, 'is_filled', '1')
  redis.call('SET', root .. 'live', generation)
  redis.call('HDEL', root .. 'generations', 'filling', 'state', 'activates', 'finding', 'refused_version')
  redis.call('HSET', root .. 'generations', 'previous', live)
  local place = redis.call('HMGET', new, 'epoch', 'position')
  redis.call('PUBLISH', root .. 'applied', place[1] .. ' ' .. place[2] .. ' ' .. generation)
  return live
end

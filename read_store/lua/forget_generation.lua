-- Begins the end of a generation that is not live: nobody reads or fills it any more. Arguments: generation.
local function forget_generation(keys, argv)
  local root, generation = keys[1], argv[1]
  if redis.call('GET', root .. 'live') == generation then
    return redis.error_reply('GENERATION_REFUSED it is live')
  end
  if redis.call('HGET', root .. 'generations', 'filling') == generation then
    redis.call('HDEL', root .. 'generations', 'filling', 'state', 'activates', 'finding')
  elseif redis.call('HGET', root .. 'generations', 'previous') == generation then
    redis.call('HDEL', root .. 'generations', 'previous')
  end
  -- Without a checkpoint no writer writes there.
  return redis.call('UNLINK', root .. 'g' .. generation .. ':checkpoint')
end

-- Opens an empty generation to be filled beside the live one, unless one is open. Arguments: whether it is to become
-- live by itself, then those of empty_generation. Answers the open one. What is kept for a rollback goes, so that
-- there are never more than two.
local function open_generation(keys, argv)
  local root = keys[1]
  local open = redis.call('HGET', root .. 'generations', 'filling')
  if open then
    return open
  end
  if not redis.call('GET', root .. 'live') then
    return redis.error_reply('GENERATION_REFUSED there is no live generation')
  end
  local generation = empty_generation(root, argv, 2)
  redis.call('HSET', root .. 'generations', 'filling', generation, 'state', 'FILLING', 'activates', argv[1])
  redis.call('HDEL', root .. 'generations', 'previous', 'finding')
  return generation
end

-- Starts an empty generation and points the readers at it; nothing older is kept, nor what was filling beside.
-- Arguments: token, then those of empty_generation. Answers the new generation and the one that was live.
local function start_generation(keys, argv)
  local root = keys[1]
  local refusal = outdated(root, argv[1])
  if refusal then
    return redis.error_reply(refusal)
  end
  local before = redis.call('GET', root .. 'live') or '0'
  local generation = empty_generation(root, argv, 2)
  redis.call('SET', root .. 'live', generation)
  redis.call('UNLINK', root .. 'generations')
  redis.call('PUBLISH', root .. 'applied', argv[3] .. ' 0 ' .. generation)
  return { generation, before }
end

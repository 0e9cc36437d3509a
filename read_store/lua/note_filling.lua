-- Notes how far the generation beside the live one is. Arguments: token, generation, state, finding.
local function note_filling(keys, argv)
  local root = keys[1]
  local refusal = outdated(root, argv[1])
  if refusal then
    return redis.error_reply(refusal)
  end
  if redis.call('HGET', root .. 'generations', 'filling') ~= argv[2] then
    return 0
  end
  redis.call('HSET', root .. 'generations', 'state', argv[3], 'finding', argv[4])
  return 1
end

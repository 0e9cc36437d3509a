-- Says that the writer lives and where the log ends. Answers whether the projection is paused,
-- and the time.
-- Arguments: token, generation, epoch, position, head, when that was so.
local function beat(keys, argv)
  local root, data = keys[1], keys[1] .. 'g' .. argv[2] .. ':'
  local refusal = refuse_write(root, data, argv[1], argv[3], argv[4])
  if refusal then
    return redis.error_reply(refusal)
  end
  note_beat(data, argv[4], argv[5], argv[6])
  return { redis.call('EXISTS', root .. 'paused'), redis_now() }
end

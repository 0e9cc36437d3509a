-- Writes one folded batch, its checkpoint and its notification together, or nothing.
-- Arguments: token, generation, epoch, position started from, new position, anchor, as_of_us, head, events,
-- number of tally arguments, tallies, sections. Answers whether the projection is paused.
local function apply(keys, argv)
  local root, data = keys[1], keys[1] .. 'g' .. argv[2] .. ':'
  local refusal = refuse_write(root, data, argv[1], argv[3], argv[4])
  if refusal then
    return redis.error_reply(refusal)
  end
  local last_tally = 10 + tonumber(argv[10])
  -- Tallies come first: they alone can be refused by the data, and they alone can be undone.
  refusal = add_tallies(data, argv, 11, last_tally)
  if refusal then
    return redis.error_reply(refusal)
  end
  write_entries(data, argv, last_tally + 1)
  local checkpoint = data .. 'checkpoint'
  redis.call('HSET', checkpoint, 'position', argv[5], 'anchor', argv[6], 'as_of_us', argv[7])
  redis.call('HINCRBY', checkpoint, 'events', argv[9])
  note_beat(data, argv[5], argv[8])
  redis.call('PUBLISH', root .. 'applied', argv[3] .. ' ' .. argv[5] .. ' ' .. argv[2])
  return redis.call('EXISTS', root .. 'paused')
end

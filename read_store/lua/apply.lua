-- Writes one folded batch, its checkpoint and its notification together, or nothing.
-- Arguments: token, generation, epoch, position started from, new position, anchor, as_of_us, head, when that was
-- the head, events, seal of the checkpoint, changes, documents. Changes are one JSON text, since each argument costs
-- the server three times as much as what is in a text: tallies, and sections of what enters and leaves indexes.
-- Answers whether the projection is paused, and the time; or DAMAGED for data that was found lost: the batch is
-- written, and the generation is worth nothing.
local function apply(keys, argv)
  local root, data = keys[1], keys[1] .. 'g' .. argv[2] .. ':'
  local refusal = refuse_write(root, data, argv[1], argv[3], argv[4])
  if refusal then
    return redis.error_reply(refusal)
  end
  local told, changes = cjson.decode(argv[12]), { grown = {} }
  local checkpoint = data .. 'checkpoint'
  if redis.call('HGET', checkpoint, 'sizes') ~= tostring(redis.call('HLEN', data .. 'sizes')) then
    changes.damage = 'checkpoint'
  end
  -- Tallies come first: they alone can be refused by the data, and then nothing may be written.
  refusal = add_tallies(data, told.tallies, changes)
  if refusal then
    return redis.error_reply(refusal)
  end
  write_documents(data, argv, 13, changes)
  write_entries(data, told.sections, changes)
  write_sizes(data, changes)
  redis.call('HSET', checkpoint, 'position', argv[5], 'anchor', argv[6], 'as_of_us', argv[7], 'seal', argv[11],
    'sizes', redis.call('HLEN', data .. 'sizes'))
  redis.call('HINCRBY', checkpoint, 'events', argv[10])
  note_beat(data, argv[5], argv[8], argv[9])
  -- Readers wait for the generation that they see, and for no other.
  if redis.call('GET', root .. 'live') == argv[2] then
    redis.call('PUBLISH', root .. 'applied', argv[3] .. ' ' .. argv[5] .. ' ' .. argv[2])
  end
  if changes.damage then
    -- Kept: some damage can't be seen any more once it was written over.
    redis.call('HSET', checkpoint, 'damaged', changes.damage)
    return redis.error_reply('DAMAGED ' .. changes.damage .. '|')
  end
  return { redis.call('EXISTS', root .. 'paused'), redis_now() }
end

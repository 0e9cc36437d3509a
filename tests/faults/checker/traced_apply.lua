-- The apply function, and behind it a line of trace for each batch that was written: fence token, generation,
-- position started from, position reached, newest token that was granted by then.
local function traced_apply(keys, argv)
  local granted = redis.call('GET', keys[1] .. 'fence') or '0'
  local answer = apply(keys, argv)
  local refusal = type(answer) == 'table' and answer['err'] or ''
  if string.find(refusal, '^FENCED') or string.find(refusal, '^CHECKPOINT_MOVED') or string.find(refusal, '^TALLY') then
    return answer
  end
  local line = argv[1] .. ' ' .. argv[2] .. ' ' .. argv[4] .. ' ' .. argv[5] .. ' ' .. granted
  local trace = keys[1] .. 'trace'
  redis.call('HSET', trace, redis.call('HINCRBY', trace, 'lines', 1), line)
  return answer
end

-- Why a writer may not write: its lease is over, or the checkpoint is not the one it started from.
local function refuse_write(root, data, token, epoch, position)
  local refusal = outdated(root, token)
  if refusal then
    return refusal
  end
  local stored = redis.call('HMGET', data .. 'checkpoint', 'epoch', 'position')
  if stored[1] ~= epoch or stored[2] ~= position then
    return 'CHECKPOINT_MOVED the stored checkpoint is another one'
  end
  -- After a loss of data the stored fence is older than the lease that is in use.
  local fence = redis.call('GET', root .. 'fence')
  if not fence or tonumber(token) > tonumber(fence) then
    redis.call('SET', root .. 'fence', token)
  end
  return nil
end

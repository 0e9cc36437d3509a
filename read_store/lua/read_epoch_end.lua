-- The last position that a past epoch has in common with the one after it, or false when that is not known.
local function read_epoch_end(data, wanted)
  return redis.call('HGET', data .. 'epochs', wanted.epoch)
end

-- Counts what a batch put into a key or took out of it. Members that somebody else took away or put there keep
-- count and key apart for ever, so they are looked for here and wherever the key is read.
local function note_size(data, name, grown, damages)
  if grown ~= 0 and redis.call('HINCRBY', data .. 'sizes', name, grown) ~= members_of(data, name) then
    damages[#damages + 1] = 'key ' .. name
  end
end

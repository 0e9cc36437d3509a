-- What operations find, or false while the generation is the one wanted and stands where it is said to stand.
readers.unless_at = function(data, wanted)
  local name = 'g' .. wanted.generation .. ':'
  local here = redis.call('HMGET', data .. 'checkpoint', 'epoch', 'position', 'version')
  if string.sub(data, -#name) == name and here[1] == wanted.epoch and here[2] == wanted.position
    and here[3] == wanted.version then
    return false
  end
  local results = {}
  for at, operation in ipairs(wanted.operations) do
    results[at] = readers[operation.kind](data, operation)
  end
  return results
end

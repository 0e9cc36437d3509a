-- Marks which of the ids stand in all the other sets and within the score ranges of all probes.
local function passing(data, ids, others, probes)
  local passes = {}
  for at = 1, #ids do
    passes[at] = true
  end
  for _, key in ipairs(others) do
    for at, score in ipairs(redis.call('ZMSCORE', key, unpack(ids))) do
      passes[at] = passes[at] and score ~= false
    end
  end
  for _, probe in ipairs(probes or {}) do
    local least, most = tonumber(probe.min), tonumber(probe.max)
    for at, score in ipairs(redis.call('ZMSCORE', data .. 'i:' .. probe.index, unpack(ids))) do
      local value = score and tonumber(score)
      passes[at] = passes[at] and value and (not least or value >= least) and (not most or value <= most)
    end
  end
  return passes
end

-- Raises DAMAGED for a filter's index that has not as many members as the writer has put into it.
local function require_probes(data, probes)
  for _, probe in ipairs(probes or {}) do
    require_size(data, 'i:' .. probe.index)
  end
end

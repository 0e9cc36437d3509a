-- The columns of a row; raises DAMAGED when it lost them all.
local function columns_of(data, tally, row)
  local columns = redis.call('HGETALL', data .. 't:' .. tally .. ':' .. row)
  if #columns == 0 then
    require_size(data, 't:' .. tally)
    if redis.call('ZSCORE', data .. 't:' .. tally, row) then
      raise_damage('row ' .. tally .. ' ' .. row)
    end
  end
  return columns
end

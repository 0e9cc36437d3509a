-- Keeps the names of the rows that there are.
local function note_rows(data, rows, list, changes)
  for _, row in ipairs(rows) do
    local tally, name = list[row.at], list[row.at + 1]
    if row.is_new then
      local is_named = redis.call('ZADD', data .. 't:' .. tally, '0', name) == 0
      note_size(changes, 't:' .. tally, is_named and 0 or 1)
      if is_named then
        -- It had columns, and lost them by somebody else's hand.
        changes.damage = 'row ' .. tally .. ' ' .. name
      end
    elseif row.last_gone >= row.first_gone and redis.call('HLEN', row.key) == 1 then
      redis.call('DEL', row.key)
      note_size(changes, 't:' .. tally, -redis.call('ZREM', data .. 't:' .. tally, name))
    end
  end
end

-- The column of a row that holds its check sum; no tally names one so.
local CHECK_SUM = '\0'

-- Keeps the check sum of each row, and the names of the rows that there are.
local function note_rows(data, rows, argv, damages)
  local grown = {}
  for _, row in ipairs(rows) do
    local tally, name = argv[row.at], argv[row.at + 1]
    redis.call('HINCRBY', row.key, CHECK_SUM, argv[row.at + 2])
    if row.is_new then
      -- A row that is named already had columns, and lost them by somebody else's hand.
      local is_named = redis.call('ZADD', data .. 't:' .. tally, '0', name) == 0
      grown[tally] = (grown[tally] or 0) + (is_named and 0 or 1)
      if is_named then
        damages[#damages + 1] = 'row ' .. tally .. ' ' .. name
      end
    elseif row.has_less and redis.call('HLEN', row.key) == 1 then
      redis.call('DEL', row.key)
      grown[tally] = (grown[tally] or 0) - redis.call('ZREM', data .. 't:' .. tally, name)
    end
  end
  for tally, more in pairs(grown) do
    note_size(data, 't:' .. tally, more, damages)
  end
end

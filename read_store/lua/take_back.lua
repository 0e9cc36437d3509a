-- Adds the opposite of an amount to a column of a row; a column at 0 goes.
local function subtract(key, column, amount)
  local negated = string.sub(amount, 1, 1) == '-' and string.sub(amount, 2) or '-' .. amount
  if redis.call('HINCRBY', key, column, negated) == 0 then
    redis.call('HDEL', key, column)
  end
end

-- Undoes the amounts of rows that were added so far, the last row's up to where it ends.
local function take_back(rows, argv)
  for _, row in ipairs(rows) do
    for each = row.at + 4, row.ends, 2 do
      subtract(row.key, argv[each], argv[each + 1])
    end
    redis.pcall('HINCRBY', row.key, CHECK_SUM, string.format('%d', -tonumber(argv[row.at + 2])))
    if row.is_new then
      redis.call('DEL', row.key)
    end
  end
end

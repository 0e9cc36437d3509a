-- Undoes the amounts of rows that were added so far.
local function take_back(rows, argv)
  for _, row in ipairs(rows) do
    for each = row.at + 4, row.ends, 2 do
      local amount = argv[each + 1]
      local negated = string.sub(amount, 1, 1) == '-' and string.sub(amount, 2) or '-' .. amount
      if redis.call('HINCRBY', row.key, argv[each], negated) == 0 then
        redis.call('HDEL', row.key, argv[each])
      end
    end
  end
end

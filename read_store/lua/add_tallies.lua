-- Adds every (tally, row, column, amount) or none: an overflow in the middle is undone.
local function add_tallies(data, argv, first, last)
  local sums = {}
  for at = first, last, 4 do
    local key = data .. 't:' .. argv[at] .. ':' .. argv[at + 1]
    local sum = redis.pcall('HINCRBY', key, argv[at + 2], argv[at + 3])
    if type(sum) == 'table' then
      for back = at - 4, first, -4 do
        local undone = data .. 't:' .. argv[back] .. ':' .. argv[back + 1]
        local amount = argv[back + 3]
        local negated = string.sub(amount, 1, 1) == '-' and string.sub(amount, 2) or '-' .. amount
        if redis.call('HINCRBY', undone, argv[back + 2], negated) == 0 then
          redis.call('HDEL', undone, argv[back + 2])
        end
      end
      return 'TALLY_REFUSED a tally is not a number or leaves 64 bits'
    end
    sums[at] = sum
  end
  for at = first, last, 4 do
    local tally, row = argv[at], argv[at + 1]
    local key = data .. 't:' .. tally .. ':' .. row
    if sums[at] == 0 then
      redis.call('HDEL', key, argv[at + 2])
      if redis.call('EXISTS', key) == 0 then
        redis.call('ZREM', data .. 't:' .. tally, row)
      end
    elseif sums[at] == tonumber(argv[at + 3]) then
      -- The column is new, for a column at 0 is not kept; so the row may be new as well.
      redis.call('ZADD', data .. 't:' .. tally, '0', row)
    end
  end
  return nil
end

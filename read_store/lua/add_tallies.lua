-- Adds the amounts of every row or none: an overflow in the middle is undone.
-- A row's arguments: tally, row, amount of its check sum, number of amounts, and column and amount of each.
local function add_tallies(data, argv, first, last, changes)
  local rows, at = {}, first
  while at <= last do
    local key = data .. 't:' .. argv[at] .. ':' .. argv[at + 1]
    local row = { key = key, at = at, ends = at + 3 + 2 * tonumber(argv[at + 3]) }
    rows[#rows + 1] = row
    local sum = redis.pcall('HINCRBY', key, CHECK_SUM, argv[at + 2])
    -- A sum that was 0 before may be that of a row that is there.
    row.is_new = tostring(sum) == argv[at + 2] and redis.call('HLEN', key) == 1
    for each = at + 4, row.ends, 2 do
      if type(sum) ~= 'table' then
        sum = redis.pcall('HINCRBY', key, argv[each], argv[each + 1])
      end
      if type(sum) == 'table' then
        row.ends = each - 1
        take_back(rows, argv)
        return refusal_of(sum, argv, at)
      elseif sum == 0 then
        redis.call('HDEL', key, argv[each])
        row.has_less = true
      end
    end
    at = row.ends + 1
  end
  note_rows(data, rows, argv, changes)
  return nil
end

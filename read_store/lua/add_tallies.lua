-- Adds the amounts of every row or none: an overflow in the middle is undone.
-- A row's arguments: tally, row, amount of its check sum, number of amounts, and column and amount of each.
local function add_tallies(data, argv, first, last, damages)
  local rows, at = {}, first
  while at <= last do
    local key = data .. 't:' .. argv[at] .. ':' .. argv[at + 1]
    local row = { key = key, at = at, ends = at + 3 + 2 * tonumber(argv[at + 3]) }
    row.is_new = redis.call('EXISTS', key) == 0
    rows[#rows + 1] = row
    for each = at + 4, row.ends, 2 do
      local sum = redis.pcall('HINCRBY', key, argv[each], argv[each + 1])
      if type(sum) == 'table' then
        row.ends = each - 1
        take_back(rows, argv)
        return 'TALLY_REFUSED a tally is not a number or leaves 64 bits'
      elseif sum == 0 then
        redis.call('HDEL', key, argv[each])
        row.has_less = true
      end
    end
    at = row.ends + 1
  end
  note_rows(data, rows, argv, damages)
  return nil
end

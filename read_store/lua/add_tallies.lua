-- So many arguments at most are handed to one call: Lua's stack holds some thousand.
local MOST_ARGUMENTS = 4000

-- The values of a row's columns, whose names are arguments first to last.
local function values_of(key, argv, first, last)
  if last - first < MOST_ARGUMENTS then
    return redis.call('HMGET', key, unpack(argv, first, last))
  end
  local values = {}
  for from = first, last, MOST_ARGUMENTS do
    local part = redis.call('HMGET', key, unpack(argv, from, math.min(from + MOST_ARGUMENTS - 1, last)))
    for place = 1, #part do
      values[from - first + place] = part[place]
    end
  end
  return values
end

-- A column's value with an amount added; nil beyond 64 bits, false where the value is no whole number.
local function increased(value, amount)
  if not value then
    return amount
  elseif not string.find(value, '^-?%d+$') then
    return false
  elseif #value < 16 and #amount < 16 then
    return tonumber(value) + tonumber(amount)
  end
  return add_exactly(value, amount)
end

-- What a row becomes: columns with their values, and the columns that come to 0, apart from the check sum's.
local function add_row(row, argv)
  local count, set, gone = row.amounts - row.columns, {}, {}
  local values = values_of(row.key, argv, row.columns, row.amounts - 1)
  row.is_new, row.set, row.gone = not values[1], set, gone
  for place = 0, count - 1 do
    local column, value = argv[row.columns + place], increased(values[place + 1], argv[row.amounts + place])
    if value == false then
      return 'DAMAGED row ' .. argv[row.at] .. ' ' .. argv[row.at + 1] .. '|'
    elseif not value then
      return 'TALLY_REFUSED a tally leaves 64 bits'
    elseif place > 0 and tonumber(value) == 0 then
      gone[#gone + 1] = column
    else
      set[#set + 1], set[#set + 2] = column, value
    end
  end
  return nil
end

-- Hands a long list over in parts that hold whole pairs.
local function call_in_parts(command, key, list)
  for from = 1, #list, MOST_ARGUMENTS do
    redis.call(command, key, unpack(list, from, math.min(from + MOST_ARGUMENTS - 1, #list)))
  end
end

-- Adds the amounts of every row or, when one is refused, none: nothing is written before all are known.
-- A row's arguments: tally, row, number of columns, the columns, the check sum's first, and an amount for each.
local function add_tallies(data, argv, first, last, changes)
  local rows, at = {}, first
  while at <= last do
    local columns, count = at + 3, tonumber(argv[at + 2])
    local key = data .. 't:' .. argv[at] .. ':' .. argv[at + 1]
    local row = { key = key, at = at, columns = columns, amounts = columns + count }
    local refusal = add_row(row, argv)
    if refusal then
      return refusal
    end
    rows[#rows + 1], at = row, columns + 2 * count
  end
  for _, row in ipairs(rows) do
    call_in_parts('HSET', row.key, row.set)
    call_in_parts('HDEL', row.key, row.gone)
  end
  note_rows(data, rows, argv, changes)
  return nil
end

-- So many arguments at most are handed to one call: Lua's stack holds some thousand.
local MOST_ARGUMENTS = 4000

-- The values of a row's columns, whose names are the list's parts first to last.
local function values_of(key, list, first, last)
  if last - first < MOST_ARGUMENTS then
    return redis.call('HMGET', key, unpack(list, first, last))
  end
  local values = {}
  for from = first, last, MOST_ARGUMENTS do
    local part = redis.call('HMGET', key, unpack(list, from, math.min(from + MOST_ARGUMENTS - 1, last)))
    for place = 1, #part do
      values[from - first + place] = part[place]
    end
  end
  return values
end

-- A column's value with an amount added, a number where it is short and else text; nil beyond 64 bits, false where the
-- value is no whole number.
local function increased(value, amount)
  if not value then
    return amount
  elseif not string.find(value, '^-?%d+$') then
    return false
  elseif #value < 16 and type(amount) == 'number' then
    return tonumber(value) + amount
  end
  return add_exactly(value, type(amount) == 'number' and string.format('%d', amount) or amount)
end

-- What a row becomes: columns with their values, behind those of other rows in `set`, and in `gone` the columns that
-- come to 0, apart from the check sum's. One list of all rows is made in a fraction of the time of many small ones.
local function add_row(row, list, columns, count, set, gone)
  local values, amounts = values_of(row.key, list, columns, columns + count - 1), columns + count
  local last_set, last_gone = row.first_set - 1, row.first_gone - 1
  row.is_new = not values[1]
  for place = 0, count - 1 do
    local value = increased(values[place + 1], list[amounts + place])
    if value == false then
      return 'DAMAGED row ' .. list[row.at] .. ' ' .. list[row.at + 1] .. '|'
    elseif not value then
      return 'TALLY_REFUSED a tally leaves 64 bits'
    elseif place > 0 and tonumber(value) == 0 then
      last_gone = last_gone + 1
      gone[last_gone] = list[columns + place]
    else
      set[last_set + 1], set[last_set + 2] = list[columns + place], value
      last_set = last_set + 2
    end
  end
  row.last_set, row.last_gone = last_set, last_gone
  return nil
end

-- Hands a part of a long list over in parts that hold whole pairs.
local function call_in_parts(command, key, list, first, last)
  for from = first, last, MOST_ARGUMENTS do
    redis.call(command, key, unpack(list, from, math.min(from + MOST_ARGUMENTS - 1, last)))
  end
end

-- Adds the amounts of every row or, when one is refused, none: nothing is written before all are known.
-- A row's parts of the list: tally, row, number of columns, the columns, the check sum's first, and an amount for each.
local function add_tallies(data, list, changes)
  local rows, set, gone, at, last = {}, {}, {}, 1, #list
  local first_set, first_gone = 1, 1
  while at <= last do
    local key, count = data .. 't:' .. list[at] .. ':' .. list[at + 1], list[at + 2]
    local row = { key = key, at = at, first_set = first_set, last_set = 0, first_gone = first_gone, last_gone = 0,
      is_new = false }
    local refusal = add_row(row, list, at + 3, count, set, gone)
    if refusal then
      return refusal
    end
    rows[#rows + 1], at = row, at + 3 + 2 * count
    first_set, first_gone = row.last_set + 1, row.last_gone + 1
  end
  for _, row in ipairs(rows) do
    call_in_parts('HSET', row.key, set, row.first_set, row.last_set)
    call_in_parts('HDEL', row.key, gone, row.first_gone, row.last_gone)
  end
  note_rows(data, rows, list, changes)
  return nil
end

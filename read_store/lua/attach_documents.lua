-- Puts the stored document of each row in its third place, and its joined tallies in the fourth.
local function attach_documents(data, view, joins, rows)
  if view and #rows > 0 then
    local ids = {}
    for at, row in ipairs(rows) do
      ids[at] = row[1]
    end
    for at, value in ipairs(redis.call('HMGET', data .. 'd:' .. view, unpack(ids))) do
      rows[at][3] = value
    end
  end
  for _, row in ipairs(rows) do
    row[3] = row[3] or false
    local joined = {}
    for at, tally in ipairs(joins or {}) do
      joined[at] = columns_of(data, tally, row[1])
    end
    row[4] = joined
  end
  return rows
end

-- For each entity its rows of the tallies; false where none is asked for.
local function joined_to(data, tallies, ids)
  if not tallies or #tallies == 0 then
    return false
  end
  local joined = {}
  for at, id in ipairs(ids) do
    local rows = {}
    for place, tally in ipairs(tallies) do
      rows[place] = columns_of(data, tally, id)
    end
    joined[at] = rows
  end
  return joined
end

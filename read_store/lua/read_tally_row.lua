-- The columns of one row of a tally.
local function read_tally_row(data, wanted)
  return columns_of(data, wanted.tally, wanted.row)
end

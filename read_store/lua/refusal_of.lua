-- Why a row took no amount: it holds something else, or it would leave 64 bits.
local function refusal_of(failure, argv, at)
  if string.find(failure.err, 'hash value is not an integer') then
    return 'DAMAGED row ' .. argv[at] .. ' ' .. argv[at + 1] .. '|'
  end
  return 'TALLY_REFUSED a tally is not a number or leaves 64 bits'
end

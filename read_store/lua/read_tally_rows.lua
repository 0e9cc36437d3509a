-- The rows of a tally from one row name to another, both included, in the order of names.
local function read_tally_rows(data, wanted)
  require_size(data, 't:' .. wanted.tally)
  local from = wanted.first and '[' .. wanted.first or '-'
  local to = wanted.last and '[' .. wanted.last or '+'
  local names = redis.call('ZRANGEBYLEX', data .. 't:' .. wanted.tally, from, to, 'LIMIT', 0, wanted.limit)
  local rows = {}
  for at, name in ipairs(names) do
    rows[at] = { name, columns_of(data, wanted.tally, name) }
  end
  return rows
end

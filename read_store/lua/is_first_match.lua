-- Whether a term is the first of an entity's terms that has the query in it, so that it counts only once.
local function is_first_match(terms, term, query)
  for other in string.gmatch(terms, '[^\1]+') do
    if comes_before(other, term) and string.find(other, query, 1, true) then
      return false
    end
  end
  return true
end

-- The places of every size-th of the ids found, without the last one's.
local function places_within(ids, size, place_at)
  local places = {}
  for at = size, #ids - 1, size do
    places[#places + 1] = place_at(at)
  end
  return places
end

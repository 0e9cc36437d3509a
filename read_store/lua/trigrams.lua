-- The distinct runs of three bytes of a folded term, in hexadecimal, fit for key names.
local function trigrams(term)
  local seen, grams = {}, {}
  for at = 1, #term - 2 do
    local gram = string.format('%02x%02x%02x', string.byte(term, at, at + 2))
    if not seen[gram] then
      seen[gram] = true
      grams[#grams + 1] = gram
    end
  end
  return grams
end

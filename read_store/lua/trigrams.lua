-- Bytes in hexadecimal, as far as they were met; the server has no `string` yet when it loads this.
local HEXADECIMAL = {}

local function in_hexadecimal(byte)
  local text = HEXADECIMAL[byte]
  if not text then
    text = string.format('%02x', byte)
    HEXADECIMAL[byte] = text
  end
  return text
end

-- The distinct runs of three bytes of a folded term, in hexadecimal, fit for key names.
local function trigrams(term)
  local seen, grams = {}, {}
  if #term < 3 then
    return grams
  end
  local first, second = in_hexadecimal(string.byte(term, 1)), in_hexadecimal(string.byte(term, 2))
  for at = 3, #term do
    local third = in_hexadecimal(string.byte(term, at))
    local gram = first .. second .. third
    if not seen[gram] then
      seen[gram] = true
      grams[#grams + 1] = gram
    end
    first, second = second, third
  end
  return grams
end

-- The sum of two whole numbers as text, exact within 64 bits; nil beyond. Lua's own numbers round past 2^53.
local function add_exactly(number, amount)
  local high, low = 0, 0
  for _, text in ipairs({ number, amount }) do
    local sign, digits = string.match(text, '^(-?)(%d+)$')
    local factor = sign == '-' and -1 or 1
    high = high + factor * tonumber('0' .. string.sub(digits, 1, -10))
    low = low + factor * tonumber(string.sub(digits, -9))
  end
  high, low = high + math.floor(low / 1e9), low % 1e9
  local is_negative = high < 0
  if is_negative then
    -- low counts upwards from high, digits downwards from 0.
    high, low = -high, -low
    if low < 0 then
      high, low = high - 1, low + 1e9
    end
  end
  if high > 9223372036 or (high == 9223372036 and low > (is_negative and 854775808 or 854775807)) then
    return nil
  end
  local sign = is_negative and '-' or ''
  return high == 0 and string.format('%s%d', sign, low) or string.format('%s%d%09d', sign, high, low)
end

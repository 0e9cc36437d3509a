-- Whether a stands before b in the order of bytes; Lua's own < follows the server's locale.
local function comes_before(a, b)
  local shared = math.min(#a, #b)
  for at = 1, shared do
    local left, right = string.byte(a, at), string.byte(b, at)
    if left ~= right then
      return left < right
    end
  end
  return #a < #b
end

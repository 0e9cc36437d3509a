-- Why a token is too old to write with, or nil.
local function outdated(root, token)
  local fence = redis.call('GET', root .. 'fence')
  if fence and tonumber(token) < tonumber(fence) then
    return 'FENCED a newer lease was granted'
  end
  return nil
end

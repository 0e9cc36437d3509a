-- Ends a read that came upon damage; the server adds words of its own behind the error's.
local function raise_damage(place)
  error({ err = 'DAMAGED ' .. place .. '|' })
end

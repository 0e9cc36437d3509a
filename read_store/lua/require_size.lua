-- Raises DAMAGED for a key that has not as many members as the writer has put into it.
local function require_size(data, name, members)
  if (members or members_of(data, name)) ~= tonumber(redis.call('HGET', data .. 'sizes', name) or '0') then
    raise_damage('key ' .. name)
  end
end

-- The stored documents of entities, in the order of the ids; false for one that is missing.
local function documents_of(data, view, ids)
  if #ids == 0 then
    return {}
  end
  return redis.call('HMGET', data .. 'd:' .. view, unpack(ids))
end

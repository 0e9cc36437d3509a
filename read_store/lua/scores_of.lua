-- The scores of members of a sorted set, in their order.
local function scores_of(key, ids)
  if #ids == 0 then
    return {}
  end
  return redis.call('ZMSCORE', key, unpack(ids))
end

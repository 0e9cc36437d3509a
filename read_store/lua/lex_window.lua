-- The next members of a sorted set of equal scores after (or from) a member, in walking order.
local function lex_window(key, member, with_itself, descending, size)
  local bound = member and (with_itself and '[' or '(') .. member
  if descending then
    return redis.call('ZREVRANGEBYLEX', key, bound or '+', '-', 'LIMIT', 0, size)
  end
  return redis.call('ZRANGEBYLEX', key, bound or '-', '+', 'LIMIT', 0, size)
end

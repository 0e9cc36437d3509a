-- The first or the last entity of an index with its score and its document, or false.
local function read_index_edge(data, wanted)
  require_size(data, 'i:' .. wanted.index)
  local rank = wanted.last and -1 or 0
  local edge = redis.call('ZRANGE', data .. 'i:' .. wanted.index, rank, rank, 'WITHSCORES')
  if #edge == 0 then
    return false
  end
  return { edge[1], redis.call('HGET', data .. 'd:' .. wanted.view, edge[1]), edge[2] }
end

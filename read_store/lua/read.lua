-- What answers an operation, by its kind.
local readers = {
  document = read_document,
  page = read_page,
  text_page = read_text_page,
  tally_row = read_tally_row,
  tally_rows = read_tally_rows,
  index_edge = read_index_edge,
  count = read_count,
  key_size = read_key_size,
  key_sizes = read_key_sizes,
  gram_sizes = read_gram_sizes,
  terms = read_terms,
  epoch_end = read_epoch_end,
}

-- Answers operations on one generation together with its checkpoint, all of one moment.
-- Arguments: the operations as a JSON list, and the generation that the caller has begun with ('' for none). It is
-- the live one that answers when that one is not kept any more.
local function read(keys, argv)
  local root = keys[1]
  local live = redis.call('GET', root .. 'live') or '0'
  local generation = is_kept(root, argv[2]) and argv[2] or live
  local data = root .. 'g' .. generation .. ':'
  local results = {}
  for at, operation in ipairs(cjson.decode(argv[1])) do
    results[at] = readers[operation.kind](data, operation)
  end
  return { generation, redis_now(), redis.call('HGETALL', data .. 'checkpoint'), results,
    redis.call('HLEN', data .. 'sizes'), live }
end

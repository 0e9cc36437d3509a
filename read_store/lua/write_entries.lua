-- Writes the sections of a batch: kind, name, number of arguments, arguments.
local function write_entries(data, argv, first, damages)
  local place = first
  while place <= #argv do
    local kind, name, from = argv[place], argv[place + 1], place + 3
    local to = place + 2 + tonumber(argv[place + 2])
    if kind == 'documents' then
      note_size(data, 'd:' .. name, redis.call('HSET', data .. 'd:' .. name, unpack(argv, from, to)), damages)
    elseif kind == 'enter' then
      note_size(data, 'i:' .. name, redis.call('ZADD', data .. 'i:' .. name, unpack(argv, from, to)), damages)
    elseif kind == 'leave' then
      note_size(data, 'i:' .. name, -redis.call('ZREM', data .. 'i:' .. name, unpack(argv, from, to)), damages)
    elseif kind == 'enter_texts' then
      enter_texts(data, name, argv, from, to, damages)
    elseif kind == 'leave_texts' then
      leave_texts(data, name, argv, from, to, damages)
    end
    place = to + 1
  end
end

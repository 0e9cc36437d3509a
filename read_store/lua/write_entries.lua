-- Writes the sections of a batch: kind, name, number of arguments, arguments.
local function write_entries(data, argv, first, changes)
  local place = first
  while place <= #argv do
    local kind, name, from = argv[place], argv[place + 1], place + 3
    local to = place + 2 + tonumber(argv[place + 2])
    if kind == 'documents' then
      note_size(changes, 'd:' .. name, redis.call('HSET', data .. 'd:' .. name, unpack(argv, from, to)))
    elseif kind == 'enter' then
      note_size(changes, 'i:' .. name, redis.call('ZADD', data .. 'i:' .. name, unpack(argv, from, to)))
    elseif kind == 'leave' then
      note_size(changes, 'i:' .. name, -redis.call('ZREM', data .. 'i:' .. name, unpack(argv, from, to)))
    elseif kind == 'enter_texts' then
      enter_texts(data, name, argv, from, to, changes)
    elseif kind == 'leave_texts' then
      leave_texts(data, name, argv, from, to, changes)
    end
    place = to + 1
  end
end

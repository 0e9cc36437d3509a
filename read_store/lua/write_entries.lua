-- So many parts of a list are handed to one call, whole pairs or triples: Lua's stack holds some thousand.
local MOST_PARTS = 6000

-- What is written of each kind of section, from a part of its list.
local WRITERS = {
  enter = function(data, name, list, first, last, changes)
    note_size(changes, 'i:' .. name, redis.call('ZADD', data .. 'i:' .. name, unpack(list, first, last)))
  end,
  leave = function(data, name, list, first, last, changes)
    note_size(changes, 'i:' .. name, -redis.call('ZREM', data .. 'i:' .. name, unpack(list, first, last)))
  end,
  enter_texts = enter_texts,
  leave_texts = leave_texts,
}

-- Writes the sections of a batch: kind, name, list.
local function write_entries(data, sections, changes)
  for _, section in ipairs(sections) do
    local kind, name, list = section[1], section[2], section[3]
    for first = 1, #list, MOST_PARTS do
      WRITERS[kind](data, name, list, first, math.min(first + MOST_PARTS - 1, #list), changes)
    end
  end
end

-- Writes documents: view, number of arguments, and these, an id and a value in turn.
local function write_documents(data, argv, first, changes)
  local place = first
  while place <= #argv do
    local name, from, to = argv[place], place + 2, place + 1 + tonumber(argv[place + 1])
    note_size(changes, 'd:' .. name, redis.call('HSET', data .. 'd:' .. name, unpack(argv, from, to)))
    place = to + 1
  end
end

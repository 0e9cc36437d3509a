-- Whether a generation is the one that was live before the live one, and is kept.
local function is_kept(root, generation)
  return generation ~= '' and redis.call('HGET', root .. 'generations', 'previous') == generation
end

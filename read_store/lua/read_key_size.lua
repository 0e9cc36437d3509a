-- Raises DAMAGED when the key has not as many members as the writer has put into it.
local function read_key_size(data, wanted)
  if wanted.gram then
    require_gram(data, wanted.name, wanted.gram)
  else
    require_size(data, wanted.name)
  end
  return true
end

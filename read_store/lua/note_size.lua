-- Counts what a batch put into a key or took out of it.
local function note_size(changes, name, grown)
  if grown ~= 0 then
    changes.grown[name] = (changes.grown[name] or 0) + grown
  end
end

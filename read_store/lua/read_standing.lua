-- Names the first document that does not stand in its indexes as it should, or false. One that has changed
-- since it was read is passed over: it is looked at again in its new place.
local function read_standing(data, wanted)
  for _, document in ipairs(wanted.documents) do
    local changed = redis.call('ZSCORE', data .. 'i:changed/' .. wanted.view, document.id)
    if changed and tonumber(changed) == tonumber(document.position) and not stands_right(data, document) then
      return document.id
    end
  end
  return false
end

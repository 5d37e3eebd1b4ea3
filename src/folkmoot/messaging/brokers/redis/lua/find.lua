-- Messages of one mailbox with their fate.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     ids
--
-- Answers for each {} or {body, accepted, status or '', when, attempts, error, reply, 1 if it is being handled,
-- position}.
local base = KEYS[1]
local found = {}
for number, id in ipairs(ARGV) do
  local known = redis.call('HMGET', base .. 'm:' .. id, 'b', 'a', 'st', 'z', 'n', 'e', 'y', 'l', 'p')
  if not known[1] then
    found[number] = {}
  else
    local _, lane = lies(known[8])
    local busy = 0
    if not known[3] and redis.call('LINDEX', base .. 'q:' .. lane, 0) == id then
      busy = redis.call('HEXISTS', base .. 'lanes', lane)
    end
    found[number] = {
      known[1], known[2], known[3] or '', known[4] or '', known[5] or '0', known[6] or '', known[7] or '', busy,
      known[9] or '0'
    }
  end
end
return found

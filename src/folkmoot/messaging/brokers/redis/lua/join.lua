-- Hear of the end of a message that was accepted before.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     id, who waits, as it stands in the record
--
-- Answers {} for an unknown id, {chunks so far} for one that has not ended, else
-- {chunks, status, when, attempts, error, kind of error, reply}.
local record = KEYS[1] .. 'm:' .. ARGV[1]
local known = redis.call('HMGET', record, 'st', 'z', 'n', 'e', 'y', 'l', 'w', 'k', 'g')
if not known[6] then return {} end
if not known[1] then
  local waiting = known[7] or ''
  if not string.find(waiting, ARGV[2], 1, true) then redis.call('HSET', record, 'w', waiting .. ARGV[2]) end
  return {known[8] or '0'}
end
return {known[8] or '0', known[1], known[2], known[3], known[4] or '', known[9] or '', known[5] or ''}

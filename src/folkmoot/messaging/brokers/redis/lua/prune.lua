-- Forget messages that ended before a time.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     before, most at once
--
-- Answers {id, sender, conversation, …} of those that were still there.
local base = KEYS[1]
local gone, counts = {}, {handled = 0, expired = 0}
local ids = redis.call('ZRANGEBYSCORE', base .. 'settled', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  local record = base .. 'm:' .. id
  local known = redis.call('HMGET', record, 'st', 'f', 'c')
  redis.call('ZREM', base .. 'settled', id)
  redis.call('DEL', record, base .. 'c:' .. id)
  gone[#gone + 1] = id
  gone[#gone + 1] = known[2] or ''
  gone[#gone + 1] = known[3] or ''
  -- One that Redis let go by itself is counted as handled, which nearly all are.
  local status = known[1] or 'handled'
  counts[status] = counts[status] + 1
end
for status, count in pairs(counts) do
  if count > 0 then redis.call('HINCRBY', base .. 'meta', status, -count) end
end
return gone

-- Bring a dead letter back with fresh attempts, or drop it.
--
-- KEYS[1]  what every key of the mailbox begins with
-- KEYS[2]  the timers of the house (absent in a Cluster)
-- ARGV     agent, id, limit of the mailbox, '1' to drop it, mark of this call
--
-- Answers 1 when done (also if it was by this very call, whose answer was lost), 0 if it is no dead letter (any more), 2 if there is no room.
local base, id = KEYS[1], ARGV[2]
local record, meta = base .. 'm:' .. id, base .. 'meta'
local known = redis.call('HMGET', record, 'st', 'l', 'x', 'r')
if known[4] == ARGV[5] then return 1 end
if known[1] ~= 'dead' then return 0 end
if ARGV[4] == '1' then
  redis.call('DEL', record)
elseif tonumber(redis.call('HGET', meta, 'size') or '0') >= tonumber(ARGV[3]) then
  return 2
else
  local _, lane, rank, sender = lies(known[2])
  local entry = redis.call('XADD', base .. 's:' .. rank, '*', 'i', id, 'f', sender)
  redis.call('HDEL', record, 'st', 'z', 'e', 'y', 'd', 'k', 'q', 'g', 'w', 'n')
  redis.call('HSET', record, 'l', entry .. ' ' .. lane, 'r', ARGV[5])
  redis.call('HINCRBY', meta, 'size', 1)
  if known[3] then
    redis.call('ZADD', base .. 'expiry', known[3], id)
    if KEYS[2] then redis.call('ZADD', KEYS[2], 'LT', known[3], ARGV[1]) end
  end
  redis.call('PUBLISH', base .. 'bell', rank)
end
redis.call('DEL', base .. 'c:' .. id)
redis.call('ZREM', base .. 'dead', id)
redis.call('HINCRBY', meta, 'dead', -1)
return 1

-- What the time has come for in one mailbox: messages in backoff wait again, expired ones end.
--
-- KEYS[1]  what every key of the mailbox begins with
-- KEYS[2]  the timers of the house (absent in a Cluster)
-- ARGV     agent, now, channel of answers
--
-- Answers {earliest timer that is left or '', how many expired}.
local base, timers = KEYS[1], KEYS[2] or ''
local agent, now, answers = ARGV[1], ARGV[2], ARGV[3]
local meta, later, expiry = base .. 'meta', base .. 'later', base .. 'expiry'
local highest, expired = -1, 0

for _, id in ipairs(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 500)) do
  redis.call('ZREM', expiry, id)
  local record = base .. 'm:' .. id
  local known = redis.call('HMGET', record, 'st', 'l', 'w', 'n', 'e', 'k')
  if known[2] and not known[1] then
    local entry, lane, rank = lies(known[2])
    local queue = base .. 'q:' .. lane
    if redis.call('HEXISTS', base .. 'lanes', lane) == 1 and redis.call('LPOS', queue, id, 'MAXLEN', 64) then
      -- It may be in a handler, which may finish; whoever has the lane looks at the time before it begins.
      redis.call('ZADD', expiry, tonumber(now) + 5, id)
    else
      local left = redis.call('LREM', queue, 1, id)
      if left > 0 then redis.call('HINCRBY', meta, 'parked' .. rank, -left) end
      redis.call('ZREM', later, id)
      local said = 'expired before it was handled'
      if known[5] and known[5] ~= '' then said = 'expired after a failed attempt: ' .. known[5] end
      redis.call('HSET', record, 'st', 'expired', 'z', now, 'e', said, 'n', known[4] or '0')
      redis.call('XACK', base .. 's:' .. rank, 'agents', entry)
      redis.call('XDEL', base .. 's:' .. rank, entry)
      redis.call('RPUSH', base .. 'settled', id)
      redis.call('HINCRBY', meta, 'size', -1)
      redis.call('HINCRBY', meta, 'expired', 1)
      expired = expired + 1
      local text = pieces('end', id, 'expired', now, known[4] or '0', said, '', '', known[6] or '0')
      each_asker(known[3], function(asker) redis.call('PUBLISH', answers .. asker, text) end)
    end
  end
end
for _, id in ipairs(redis.call('ZRANGEBYSCORE', later, '-inf', now, 'LIMIT', 0, 500)) do
  redis.call('ZREM', later, id)
  local known = redis.call('HMGET', base .. 'm:' .. id, 'st', 'l')
  if known[2] and not known[1] then
    local _, lane, rank, sender = lies(known[2])
    if redis.call('RPUSH', base .. 'q:' .. lane, id) == 1 and redis.call('HEXISTS', base .. 'lanes', lane) == 0 then
      redis.call('RPUSH', base .. 'ready:' .. rank, sender)
    end
    redis.call('HINCRBY', meta, 'parked' .. rank, 1)
    highest = math.max(highest, tonumber(rank))
  end
end
if highest >= 0 then redis.call('PUBLISH', base .. 'bell', highest) end
local left = ''
for _, key in ipairs({later, expiry}) do
  local first = redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')
  if first[2] and (left == '' or tonumber(first[2]) < tonumber(left)) then left = first[2] end
end
if timers ~= '' then
  if left == '' then redis.call('ZREM', timers, agent) else redis.call('ZADD', timers, left, agent) end
end
return {left, expired}

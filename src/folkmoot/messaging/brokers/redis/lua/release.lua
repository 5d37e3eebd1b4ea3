-- Free the lanes of a consumer: it died, or it gives them back.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     consumer, most deaths that a message may be at the head of before it is given up (0: it gives back),
--          now, channel of answers
--
-- What it was handling is at the head of its lanes and comes again. A message that was there each time its process died
-- is poison: it ends in the dead-letter box. Answers {how many lanes, id of each message given up…}.
local base = KEYS[1]
local consumer, most, now, answers = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local lanes, meta = base .. 'lanes', base .. 'meta'
local held = redis.call('HGETALL', lanes)
redis.call('HDEL', meta, 'turn:' .. consumer)
local freed, highest = {0}, -1
for number = 1, #held, 2 do
  if held[number + 1] == consumer then
    local lane = held[number]
    local rank, sender = string.match(lane, '^(%d):(.*)$')
    redis.call('HDEL', lanes, lane)
    freed[1] = freed[1] + 1
    local id = redis.call('LINDEX', base .. 'q:' .. lane, 0)
    if id and most > 0 then
      local record = base .. 'm:' .. id
      local deaths = redis.call('HINCRBY', record, 'd', 1)
      local known = redis.call('HMGET', record, 'st', 'l', 'w', 'n', 'k')
      if deaths >= most and known[2] and not known[1] then
        local said = 'whoever handled it died, ' .. deaths .. ' times'
        redis.call('LPOP', base .. 'q:' .. lane)
        redis.call('HINCRBY', meta, 'parked' .. rank, -1)
        redis.call('HSET', record, 'st', 'dead', 'z', now, 'e', said, 'n', known[4] or '0')
        local entry = lies(known[2])
        redis.call('XACK', base .. 's:' .. rank, 'agents', entry)
        redis.call('XDEL', base .. 's:' .. rank, entry)
        redis.call('ZREM', base .. 'expiry', id)
        redis.call('ZADD', base .. 'dead', now, id)
        redis.call('HINCRBY', meta, 'size', -1)
        redis.call('HINCRBY', meta, 'dead', 1)
        freed[#freed + 1] = id
        local text = pieces('end', id, 'dead', now, known[4] or '0', said, '', '', known[5] or '0')
        each_asker(known[3], function(asker) redis.call('PUBLISH', answers .. asker, text) end)
      end
    end
    if redis.call('EXISTS', base .. 'q:' .. lane) == 1 then
      redis.call('LPUSH', base .. 'ready:' .. rank, sender)
      highest = math.max(highest, tonumber(rank))
    end
  end
end
if highest >= 0 then redis.call('PUBLISH', base .. 'bell', highest) end
return freed

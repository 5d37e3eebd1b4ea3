-- Accept messages into one mailbox, each once.
--
-- KEYS[1]  what every key of the mailbox begins with; see `names.py` for the parts
-- KEYS[2]  the timers of the house (absent in a Cluster: then the caller sees to them)
-- KEYS[3]  what was accepted and stands in no list yet (absent in a Cluster)
-- KEYS[4]  agents that have mail (absent in a Cluster)
-- KEYS[5…] for each message, where its id says which mailbox it is in (absent in a Cluster: the caller has claimed them)
-- ARGV     agent, limit of the mailbox, now, seconds for which ids are known, slot, then 9 for each message:
--          id, rank, sender, conversation, intent, when it expires or '', who waits or '', its line for the list, body
--
-- Answers the outcome of each: 0 accepted, 1 known here, 2 no room, or the name of the other mailbox that has it.
local base, timers = KEYS[1], KEYS[2] or ''
local agent, limit, now, known, slot = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local meta = base .. 'meta'
local before = tonumber(redis.call('HGET', meta, 'size') or '0')
local size, highest, first = before, -1, nil
local outcomes = {}
local claims, lines = #KEYS > 4, {}
for number = 1, (#ARGV - 5) / 9 do
  local at = 5 + (number - 1) * 9
  local id, rank = ARGV[at + 1], ARGV[at + 2]
  local record = base .. 'm:' .. id
  local outcome = 0
  if redis.call('EXISTS', record) == 1 then
    outcome = 1
    local asker = ARGV[at + 7]
    if asker ~= '' and not redis.call('HGET', record, 'st') then
      redis.call('HSET', record, 'w', (redis.call('HGET', record, 'w') or '') .. asker)
    end
  else
    local claim = KEYS[number + 4]
    local elsewhere = claims and redis.call('GET', claim)
    if elsewhere and elsewhere ~= agent then
      outcome = elsewhere
    elseif size >= limit then
      outcome = 2
    else
      if claims then redis.call('SET', claim, agent, 'EX', known) end
      local entry = redis.call('XADD', base .. 's:' .. rank, '*', 'i', id, 'f', ARGV[at + 3])
      redis.call('HSET', record, 'b', ARGV[at + 9], 's', entry, 'r', rank, 'f', ARGV[at + 3], 'c', ARGV[at + 4],
        'i', ARGV[at + 5], 'a', now, 'w', ARGV[at + 7])
      local expires = ARGV[at + 6]
      if expires ~= '' then
        redis.call('HSET', record, 'x', expires)
        redis.call('ZADD', base .. 'expiry', expires, id)
        if not first or tonumber(expires) < first then first = tonumber(expires) end
      end
      size = size + 1
      lines[#lines + 1] = ARGV[at + 8]
      highest = math.max(highest, tonumber(rank))
    end
  end
  outcomes[number] = outcome
end
local accepted = size - before
if accepted > 0 then
  if claims then
    redis.call('RPUSH', KEYS[3], unpack(lines))
    redis.call('SADD', KEYS[4], agent)
  end
  redis.call('HINCRBY', meta, 'size', accepted)
  redis.call('HINCRBY', base .. 'rate:' .. slot, 'a', accepted)
  redis.call('EXPIRE', base .. 'rate:' .. slot, 900)
  redis.call('PUBLISH', base .. 'bell', highest)
end
if first and timers ~= '' then redis.call('ZADD', timers, 'LT', first, agent) end
return outcomes

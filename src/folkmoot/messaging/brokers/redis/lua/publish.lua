-- Accept messages into one mailbox, each once.
--
-- KEYS[1]  what every key of the mailbox begins with; see `names.py` for the parts
-- KEYS[2]  the timers of the house (absent in a Cluster: then the caller sees to them)
-- KEYS[3]  what was accepted and stands in no list yet (absent in a Cluster)
-- KEYS[4]  agents that have mail (absent in a Cluster)
-- KEYS[5…] for each message, where its id says which mailbox it is in (absent in a Cluster: the caller has claimed them)
-- ARGV     agent, limit of the mailbox, now, slot, then 8 for each message:
--          id, rank, sender, when it expires or '', who waits or '', position, its line for the list, body
--
-- Answers the outcome of each: 0 accepted (also if it was by this very letter before), 1 known here, 2 no room, or the name of the other mailbox that has it.
local base, timers = KEYS[1], KEYS[2] or ''
local agent, limit, now, slot = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4]
local meta = base .. 'meta'
local before = tonumber(redis.call('HGET', meta, 'size') or '0')
local size, highest, first = before, -1, nil
local outcomes = {}
local claims, lines = #KEYS > 4, {}
for number = 1, (#ARGV - 4) / 8 do
  local at = 4 + (number - 1) * 8
  local id, rank, expires, asker = ARGV[at + 1], ARGV[at + 2], ARGV[at + 4], ARGV[at + 5]
  local record = base .. 'm:' .. id
  local outcome = 0
  local had = claims and redis.call('SET', KEYS[number + 4], agent, 'NX', 'GET')
  if had and had ~= agent then
    outcome = had
  elseif (had or not claims) and redis.call('EXISTS', record) == 1 then
    local ours = redis.call('HGET', record, 'p') == ARGV[at + 6]
    outcome = ours and 0 or 1
    if not ours and asker ~= '' and not redis.call('HGET', record, 'st') then
      redis.call('HSET', record, 'w', (redis.call('HGET', record, 'w') or '') .. asker)
    end
  elseif size >= limit then
    outcome = 2
    if claims then redis.call('DEL', KEYS[number + 4]) end
  else
    local entry = redis.call('XADD', base .. 's:' .. rank, '*', 'i', id, 'f', ARGV[at + 3])
    local where = entry .. ' ' .. rank .. ':' .. ARGV[at + 3]
    if asker == '' then
      redis.call('HSET', record, 'b', ARGV[at + 8], 'l', where, 'a', now, 'p', ARGV[at + 6])
    else
      redis.call('HSET', record, 'b', ARGV[at + 8], 'l', where, 'a', now, 'p', ARGV[at + 6], 'w', asker)
    end
    if expires ~= '' then
      redis.call('HSET', record, 'x', expires)
      redis.call('ZADD', base .. 'expiry', expires, id)
      if not first or tonumber(expires) < first then first = tonumber(expires) end
    end
    size = size + 1
    lines[#lines + 1] = ARGV[at + 7]
    highest = math.max(highest, tonumber(rank))
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

-- A consumer's turn at one mailbox: the ends of what it handled go in, what it is to handle next comes out.
--
-- KEYS[1]  what every key of the mailbox begins with
-- KEYS[2]  the timers of the house (absent in a Cluster)
-- ARGV     agent, consumer, now, seconds for which a settled message is kept, slot, channel of answers,
--          n ends, n releases, lanes wanted, messages per lane, most messages read ahead, n lanes held or -1; then
--          for each end 10: id, rank, sender, status (handled dead expired, or again), attempts, error, kind of error,
--          reply, when it is due again or '', seconds its handling took;
--          for each release 2: rank, sender;
--          for each lane held 2: rank, sender. They are said where the answer of an earlier turn was lost: lanes that it
--          gave are the consumer's without its knowledge, and are freed
--
-- A lane is what one sender has waiting within one priority: the list `q:<rank>:<sender>`. What is being handled stays at
-- its head until its end is known, so that nothing has to be brought back when a consumer dies: its lanes are freed.
-- While a consumer has a lane nobody else gets it: that is the order promised.
--
-- Answers {earliest timer or '', then for each lane {rank, sender, id, body, attempts, id, body, attempts, …}}.
local base, timers = KEYS[1], KEYS[2] or ''
local agent, consumer, now, kept, slot, answers = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local ends, releases = tonumber(ARGV[7]), tonumber(ARGV[8])
local wanted, depth, window = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local meta, lanes = base .. 'meta', base .. 'lanes'
local held = tonumber(ARGV[12])
local at = 12
local counts = {handled = 0, dead = 0, expired = 0, again = 0}
local parked = {0, 0, 0, 0}
local told, gone = {}, {{}, {}, {}, {}}
local seconds, earliest = 0, nil

for _ = 1, ends do
  local id, rank, sender, status = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local record = base .. 'm:' .. id
  local known = redis.call('HMGET', record, 'st', 's', 'w', 'x', 'k')
  -- Another consumer may have come first, if this one was taken for dead: then its word stands.
  if known[2] and not known[1] then
    local lane = rank .. ':' .. sender
    local mine = redis.call('HGET', lanes, lane) == consumer
    if mine or status == 'handled' then
      local left = redis.call('LREM', base .. 'q:' .. lane, 1, id)
      parked[rank + 1] = parked[rank + 1] - left
      counts[status] = counts[status] + 1
      seconds = seconds + tonumber(ARGV[at + 10])
      if status == 'again' then
        redis.call('HSET', record, 'n', ARGV[at + 5], 'e', ARGV[at + 6])
        redis.call('ZADD', base .. 'later', ARGV[at + 9], id)
        local due = tonumber(ARGV[at + 9])
        if not earliest or due < earliest then earliest = due end
      else
        redis.call('HSET', record, 'st', status, 'n', ARGV[at + 5], 'z', now, 'e', ARGV[at + 6], 'g', ARGV[at + 7],
          'y', ARGV[at + 8])
        local stream = gone[rank + 1]
        stream[#stream + 1] = known[2]
        if known[4] then redis.call('ZREM', base .. 'expiry', id) end
        if left == 0 then redis.call('ZREM', base .. 'later', id) end
        if status == 'dead' then
          redis.call('ZADD', base .. 'dead', now, id)
        else
          redis.call('EXPIRE', record, kept)
          redis.call('ZADD', base .. 'settled', now, id)
        end
        if known[3] ~= '' then
          local text = pieces('end', id, status, now, ARGV[at + 5], ARGV[at + 6], ARGV[at + 7], ARGV[at + 8],
            known[5] or '0')
          each_asker(known[3], function(asker) told[asker] = (told[asker] or '') .. text end)
        end
      end
    end
  end
  at = at + 10
end
for _ = 1, releases do
  local rank, sender = ARGV[at + 1], ARGV[at + 2]
  local lane = rank .. ':' .. sender
  if redis.call('HGET', lanes, lane) == consumer then
    redis.call('HDEL', lanes, lane)
    if redis.call('EXISTS', base .. 'q:' .. lane) == 1 then redis.call('RPUSH', base .. 'ready:' .. rank, sender) end
  end
  at = at + 2
end
if held >= 0 then
  local known = {}
  for _ = 1, held do
    known[ARGV[at + 1] .. ':' .. ARGV[at + 2]] = true
    at = at + 2
  end
  local owners = redis.call('HGETALL', lanes)
  for place = 1, #owners, 2 do
    local lane = owners[place]
    if owners[place + 1] == consumer and not known[lane] then
      redis.call('HDEL', lanes, lane)
      local rank, sender = string.match(lane, '^(%d):(.*)$')
      if redis.call('EXISTS', base .. 'q:' .. lane) == 1 then redis.call('RPUSH', base .. 'ready:' .. rank, sender) end
    end
  end
end
local settled = counts.handled + counts.dead + counts.expired
if settled > 0 then
  redis.call('HINCRBY', meta, 'size', -settled)
  for rank = 0, 3 do
    local entries = gone[rank + 1]
    if #entries > 0 then
      redis.call('XACK', base .. 's:' .. rank, 'agents', unpack(entries))
      redis.call('XDEL', base .. 's:' .. rank, unpack(entries))
    end
  end
  for _, status in ipairs({'handled', 'dead', 'expired'}) do
    if counts[status] > 0 then redis.call('HINCRBY', meta, status, counts[status]) end
  end
end
if ends > 0 then
  local rate = base .. 'rate:' .. slot
  redis.call('HINCRBY', rate, 'h', settled)
  if counts.again > 0 then redis.call('HINCRBY', rate, 'r', counts.again) end
  redis.call('HINCRBY', rate, 't', ends)
  redis.call('HINCRBYFLOAT', rate, 'd', seconds)
  redis.call('EXPIRE', rate, 900)
end
for asker, text in pairs(told) do redis.call('PUBLISH', answers .. asker, text) end

local out = {''}
local more = 0
for rank = 3, 0, -1 do
  if wanted > 0 or parked[rank + 1] ~= 0 then
    local field, ready = 'parked' .. rank, base .. 'ready:' .. rank
    local ahead = tonumber(redis.call('HGET', meta, field) or '0') + parked[rank + 1]
    if wanted > 0 and ahead < window then
      local read = redis.call('XREADGROUP', 'GROUP', 'agents', 'mailbox', 'COUNT', window - ahead,
        'STREAMS', base .. 's:' .. rank, '>')
      if read then
        for _, entry in ipairs(read[1][2]) do
          local id, sender = entry[2][2], entry[2][4]
          local lane = rank .. ':' .. sender
          if redis.call('RPUSH', base .. 'q:' .. lane, id) == 1 and redis.call('HEXISTS', lanes, lane) == 0 then
            redis.call('RPUSH', ready, sender)
          end
          parked[rank + 1] = parked[rank + 1] + 1
        end
      end
    end
    while wanted > 0 do
      local sender = redis.call('LPOP', ready)
      if not sender then break end
      local lane = rank .. ':' .. sender
      local ids = redis.call('LRANGE', base .. 'q:' .. lane, 0, depth - 1)
      local taken = {rank, sender}
      for _, id in ipairs(ids) do
        local record = redis.call('HMGET', base .. 'm:' .. id, 'b', 'n', 'st')
        if record[1] and not record[3] then
          taken[#taken + 1] = id
          taken[#taken + 1] = record[1]
          taken[#taken + 1] = record[2] or '0'
        else
          redis.call('LREM', base .. 'q:' .. lane, 1, id)
          parked[rank + 1] = parked[rank + 1] - 1
        end
      end
      if #taken > 2 then
        redis.call('HSET', lanes, lane, consumer)
        out[#out + 1] = taken
        wanted = wanted - 1
      elseif redis.call('EXISTS', base .. 'q:' .. lane) == 1 then
        redis.call('RPUSH', ready, sender)
      end
    end
    if parked[rank + 1] ~= 0 then redis.call('HINCRBY', meta, field, parked[rank + 1]) end
  end
end
if earliest then
  if timers ~= '' then redis.call('ZADD', timers, 'LT', earliest, agent) else out[1] = tostring(earliest) end
end
return out

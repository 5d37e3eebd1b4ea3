-- A consumer's turn at one mailbox: the ends of what it handled go in, what it is to handle next comes out.
--
-- KEYS[1]  what every key of the mailbox begins with
-- KEYS[2]  the timers of the house (absent in a Cluster)
-- ARGV     agent, consumer, now, slot, channel of answers, seconds that the handling of all these ends took,
--          n groups of ends, n releases, lanes wanted, messages per lane, messages in all, most messages read ahead,
--          n lanes held or -1, number of the turn, most bytes of bodies;
--          for each group, which is of one lane: rank, sender, n ends, then for each end 7: id, status (handled dead
--          expired, or again), attempts, error, kind of error, reply, when it is due again or '';
--          for each release 2: rank, sender;
--          for each lane held 2: rank, sender. They are said where the answer of an earlier turn was lost: lanes that it
--          gave are the consumer's without its knowledge, and are freed. Such an earlier turn may yet arrive, out of a
--          network that was cut: of a lower number than one that said what is held, it is passed over
--
-- A lane is what one sender has waiting within one priority: the list `q:<rank>:<sender>`. What is being handled stays at
-- its head until its end is known, so that nothing has to be brought back when a consumer dies: its lanes are freed.
-- While a consumer has a lane nobody else gets it: that is the order promised.
--
-- Answers {earliest timer or '', 1 if more is to be read and hands are free, then for each lane {rank, sender, id, body, attempts, id, body, attempts, …}}.
local base, timers = KEYS[1], KEYS[2] or ''
local agent, consumer, now, slot, answers = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local groups, releases = tonumber(ARGV[7]), tonumber(ARGV[8])
local wanted, depth, budget = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11])
local window, held, most_bytes = tonumber(ARGV[12]), tonumber(ARGV[13]), tonumber(ARGV[15])
local meta, lanes = base .. 'meta', base .. 'lanes'
local number, last = tonumber(ARGV[14]), redis.call('HGET', base .. 'meta', 'turn:' .. consumer)
if last and number < tonumber(last) then return {''} end
if held >= 0 then redis.call('HSET', meta, 'turn:' .. consumer, ARGV[14]) end
local at, beyond = 15, 64
local counts = {handled = 0, dead = 0, expired = 0, again = 0}
local parked = {0, 0, 0, 0}
local told, gone, settled = {}, {{}, {}, {}, {}}, {}
local earliest = nil

-- Take the messages of a group off the head of their lane, where they are if it is the consumer's and nothing came
-- between; whether they were there.
local function taken_off(queue, first, count)
  local heads = redis.call('LPOP', queue, count) or {}
  for number = 1, count do
    if heads[number] ~= ARGV[first + (number - 1) * 7] then
      for back = #heads, 1, -1 do redis.call('LPUSH', queue, heads[back]) end
      return false
    end
  end
  return true
end

for _ = 1, groups do
  local rank, sender, ends = ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
  local lane = rank .. ':' .. sender
  local queue = base .. 'q:' .. lane
  local mine = redis.call('HGET', lanes, lane) == consumer
  at = at + 3
  local off = mine and taken_off(queue, at + 1, ends)
  if off then parked[rank + 1] = parked[rank + 1] - ends end
  for _ = 1, ends do
    local id, status = ARGV[at + 1], ARGV[at + 2]
    local record = base .. 'm:' .. id
    local known = redis.call('HMGET', record, 'st', 'l', 'w', 'x', 'k')
    -- Another consumer may have come first, if this one was taken for dead: then its word stands.
    if known[2] and not known[1] and (mine or status == 'handled') then
      local left = 1
      if not off then
        left = redis.call('LREM', queue, 1, id)
        parked[rank + 1] = parked[rank + 1] - left
      end
      counts[status] = counts[status] + 1
      local attempts, fault, kind, reply = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5], ARGV[at + 6]
      if status == 'again' then
        redis.call('HSET', record, 'n', attempts, 'e', fault)
        redis.call('ZADD', base .. 'later', ARGV[at + 7], id)
        local due = tonumber(ARGV[at + 7])
        if not earliest or due < earliest then earliest = due end
      else
        if fault ~= '' then
          redis.call('HSET', record, 'st', status, 'n', attempts, 'z', now, 'e', fault, 'g', kind, 'y', reply)
        elseif reply ~= '' then
          redis.call('HSET', record, 'st', status, 'n', attempts, 'z', now, 'y', reply)
        else
          redis.call('HSET', record, 'st', status, 'n', attempts, 'z', now)
        end
        local stream = gone[rank + 1]
        stream[#stream + 1] = string.match(known[2], '^(%S+)')
        if known[4] then redis.call('ZREM', base .. 'expiry', id) end
        if left == 0 then redis.call('ZREM', base .. 'later', id) end
        if status == 'dead' then
          redis.call('ZADD', base .. 'dead', now, id)
        else
          settled[#settled + 1] = id
        end
        if known[3] then
          local text = pieces('end', id, status, now, attempts, fault, kind, reply, known[5] or '0')
          each_asker(known[3], function(asker) told[asker] = (told[asker] or '') .. text end)
        end
      end
    end
    at = at + 7
  end
end
-- A lane that was given back is ready for whoever comes next.
local highest = -1
local function bring_back(rank, sender)
  if redis.call('EXISTS', base .. 'q:' .. rank .. ':' .. sender) == 1 then
    redis.call('RPUSH', base .. 'ready:' .. rank, sender)
    highest = math.max(highest, tonumber(rank))
  end
end

for _ = 1, releases do
  local rank, sender = ARGV[at + 1], ARGV[at + 2]
  local lane = rank .. ':' .. sender
  if redis.call('HGET', lanes, lane) == consumer then
    redis.call('HDEL', lanes, lane)
    bring_back(rank, sender)
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
      bring_back(string.match(lane, '^(%d):(.*)$'))
    end
  end
end
-- Who gives back and takes nothing leaves: the others must hear of it.
if highest >= 0 and wanted == 0 then redis.call('PUBLISH', base .. 'bell', highest) end
local ended = counts.handled + counts.dead + counts.expired
if ended > 0 then
  redis.call('HINCRBY', meta, 'size', -ended)
  if #settled > 0 then redis.call('RPUSH', base .. 'settled', unpack(settled)) end
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
if ended + counts.again > 0 then
  local rate = base .. 'rate:' .. slot
  redis.call('HINCRBY', rate, 'h', ended)
  if counts.again > 0 then redis.call('HINCRBY', rate, 'r', counts.again) end
  redis.call('HINCRBY', rate, 't', ended + counts.again)
  redis.call('HINCRBYFLOAT', rate, 'd', ARGV[6])
  redis.call('EXPIRE', rate, 900)
end
for asker, text in pairs(told) do redis.call('PUBLISH', answers .. asker, text) end

local out, more = {'', 0}, 0
if wanted > 0 then
  -- Read ahead from every stream as far as its window has room, and put what was read into lanes.
  local ahead = redis.call('HMGET', meta, 'parked0', 'parked1', 'parked2', 'parked3')
  local room, streams, news = 0, {}, {}
  for rank = 0, 3 do
    -- A few also where there is no room: a sender that floods fills it, and others wait behind what it sent.
    local free = math.max(window - tonumber(ahead[rank + 1] or '0') - parked[rank + 1], beyond)
    streams[#streams + 1] = base .. 's:' .. rank
    news[#news + 1] = '>'
    room = math.max(room, free)
  end
  for _, news_id in ipairs(news) do streams[#streams + 1] = news_id end
  local read = redis.call('XREADGROUP', 'GROUP', 'agents', 'mailbox', 'COUNT', room, 'STREAMS', unpack(streams))
  for _, found in ipairs(read or {}) do
    local rank = string.sub(found[1], -1)
    local queues, senders = {}, {}
    for _, entry in ipairs(found[2]) do
      local id, sender = entry[2][2], entry[2][4]
      local queue = queues[sender]
      if not queue then
        queue = {}
        queues[sender] = queue
        senders[#senders + 1] = sender
      end
      queue[#queue + 1] = id
    end
    parked[rank + 1] = parked[rank + 1] + #found[2]
    if #found[2] >= room then more = 1 end
    for _, sender in ipairs(senders) do
      local lane = rank .. ':' .. sender
      local length = redis.call('RPUSH', base .. 'q:' .. lane, unpack(queues[sender]))
      if length == #queues[sender] and redis.call('HEXISTS', lanes, lane) == 0 then
        redis.call('RPUSH', base .. 'ready:' .. rank, sender)
      end
    end
  end
end
local bytes = 0
for rank = 3, 0, -1 do
  local ready = base .. 'ready:' .. rank
  while wanted > 0 and budget > 0 and bytes < most_bytes do
    local sender = redis.call('LPOP', ready)
    if not sender then break end
    local lane = rank .. ':' .. sender
    -- A lane that ran empty while it stood here, and filled again, stands here twice: who has it brings it back.
    local free = redis.call('HEXISTS', lanes, lane) == 0
    local ids = free and redis.call('LRANGE', base .. 'q:' .. lane, 0, math.min(depth, budget) - 1) or {}
    local taken = {rank, sender}
    for _, id in ipairs(ids) do
      if bytes >= most_bytes then break end
      local record = redis.call('HMGET', base .. 'm:' .. id, 'b', 'n', 'st')
      if record[1] and not record[3] then
        taken[#taken + 1] = id
        taken[#taken + 1] = record[1]
        taken[#taken + 1] = record[2] or '0'
        bytes = bytes + #record[1]
      else
        redis.call('LREM', base .. 'q:' .. lane, 1, id)
        parked[rank + 1] = parked[rank + 1] - 1
      end
    end
    if #taken > 2 then
      redis.call('HSET', lanes, lane, consumer)
      out[#out + 1] = taken
      wanted = wanted - 1
      budget = budget - (#taken - 2) / 3
    elseif free and redis.call('EXISTS', base .. 'q:' .. lane) == 1 then
      redis.call('RPUSH', ready, sender)
    end
  end
  if parked[rank + 1] ~= 0 then redis.call('HINCRBY', meta, 'parked' .. rank, parked[rank + 1]) end
end
if wanted > 0 then out[2] = bytes < most_bytes and more or 1 end
if earliest then
  if timers ~= '' then redis.call('ZADD', timers, 'LT', earliest, agent) else out[1] = tostring(earliest) end
end
return out

-- What is kept of the agents that are asked for.
--
-- KEYS[1]   hash: agent -> its text
-- KEYS[2]   sorted set: agent -> newest heartbeat of its replicas, for those announced online
-- KEYS[3]   sorted set: agent -> last heartbeat ever
-- KEYS[4]   hash: agent -> when it last had something to do
-- KEYS[5..] sets of the index: agents that are in all of them are meant
-- ARGV[1]   only agents with a heartbeat after this moment; '' for all
-- ARGV[2..] without sets: ids of agents; none means all agents
--
-- Returns, agent by agent: its text, its newest heartbeat online, its last heartbeat, its last activity ('' for none).

local CHUNK = 500
local ids
if #KEYS > 4 then
  ids = redis.call('SINTER', unpack(KEYS, 5))
elseif #ARGV > 1 then
  ids = { unpack(ARGV, 2) }
else
  ids = redis.call('HKEYS', KEYS[1])
end

local found = {}
for first = 1, #ids, CHUNK do
  local last = math.min(first + CHUNK - 1, #ids)
  local part = { unpack(ids, first, last) }
  local online = redis.call('ZMSCORE', KEYS[2], unpack(part))
  if ARGV[1] ~= '' then
    local limit, living, scores = tonumber(ARGV[1]), {}, {}
    for place, id in ipairs(part) do
      if online[place] and tonumber(online[place]) > limit then
        living[#living + 1] = id
        scores[#scores + 1] = online[place]
      end
    end
    part, online = living, scores
  end
  if #part > 0 then
    local texts = redis.call('HMGET', KEYS[1], unpack(part))
    local seen = redis.call('ZMSCORE', KEYS[3], unpack(part))
    local active = redis.call('HMGET', KEYS[4], unpack(part))
    for place = 1, #part do
      if texts[place] then
        found[#found + 1] = texts[place]
        found[#found + 1] = online[place] or ''
        found[#found + 1] = seen[place] or ''
        found[#found + 1] = active[place] or ''
      end
    end
  end
end
return found

-- A heartbeat of one host for all its agents.
--
-- KEYS[1]   hash: agent -> its text
-- KEYS[2]   sorted set: agent -> newest heartbeat of its replicas, for those announced online
-- KEYS[3]   sorted set: agent -> last heartbeat ever
-- KEYS[4]   hash: agent -> when it last had something to do
-- KEYS[5..] for each agent, hash: replica -> its last heartbeat
-- ARGV[1]   the moment
-- ARGV[2]   the replica: this host
-- ARGV[3]   replicas that were silent since this moment are gone
-- ARGV[4]   milliseconds after which Redis forgets replicas of which nobody speaks
-- ARGV[5..] for each agent: its id, then '1' if it had something to do
--
-- Returns the ids that nobody knows, and those that were offline; the latter stay so until it is told (arrive.lua).

local MANY = 8
local now, unknown, back = ARGV[1], {}, {}
for place = 5, #KEYS do
  local id, active = ARGV[2 * place - 5], ARGV[2 * place - 4]
  if redis.call('HEXISTS', KEYS[1], id) == 0 then
    unknown[#unknown + 1] = id
  else
    redis.call('HSET', KEYS[place], ARGV[2], now)
    redis.call('PEXPIRE', KEYS[place], ARGV[4])
    if redis.call('HLEN', KEYS[place]) > MANY then
      local replicas = redis.call('HGETALL', KEYS[place])
      for one = 1, #replicas, 2 do
        if tonumber(replicas[one + 1]) <= tonumber(ARGV[3]) then
          redis.call('HDEL', KEYS[place], replicas[one])
        end
      end
    end
    redis.call('ZADD', KEYS[3], 'GT', now, id)
    if redis.call('ZSCORE', KEYS[2], id) then
      redis.call('ZADD', KEYS[2], 'GT', now, id)
    else
      back[#back + 1] = id
    end
    if active == '1' then
      redis.call('HSET', KEYS[4], id, now)
    end
  end
end
return { unknown, back }

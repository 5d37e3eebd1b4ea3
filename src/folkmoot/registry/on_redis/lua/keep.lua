-- Keep an agent's text, its places in the index and the news of the change, if nobody changed it meanwhile.
--
-- KEYS[1]   hash: agent -> its text
-- KEYS[2]   sorted set: agent -> newest heartbeat of its replicas, for those announced online
-- KEYS[3]   sorted set: agent -> last heartbeat ever
-- KEYS[4]   hash: agent -> when it last had something to do
-- KEYS[5]   hash: replica of this agent -> its last heartbeat
-- KEYS[6]   stream of news
-- KEYS[7..] sets of the index: first those that it leaves, then those that it joins
-- ARGV[1]   the agent
-- ARGV[2]   the text that was read; '' if there was none
-- ARGV[3]   the text to keep; '' strikes the agent off
-- ARGV[4]   the newest heartbeat online that was read, '' if there was none; '*' if it does not matter
-- ARGV[5]   the moment of a heartbeat that comes with it; '' for none
-- ARGV[6]   the replica that sends it
-- ARGV[7]   milliseconds after which Redis forgets replicas of which nobody speaks
-- ARGV[8]   when it had something to do; '' leaves that as it is
-- ARGV[9]   about how long the stream may get
-- ARGV[10]  how many sets it leaves
-- ARGV[11..] news
--
-- Returns 1 if it is kept, also by an earlier try whose answer was lost; 0 if it has to be read again.

local id, text = ARGV[1], ARGV[3]
local kept = redis.call('HGET', KEYS[1], id) or ''
if kept ~= ARGV[2] then
  return kept == text and 1 or 0
end
if ARGV[4] ~= '*' and (redis.call('ZSCORE', KEYS[2], id) or '') ~= ARGV[4] then
  return 0
end

local leaves = tonumber(ARGV[10])
for place = 7, #KEYS do
  redis.call(place < 7 + leaves and 'SREM' or 'SADD', KEYS[place], id)
end
if text == '' then
  redis.call('HDEL', KEYS[1], id)
  redis.call('ZREM', KEYS[2], id)
  redis.call('ZREM', KEYS[3], id)
  redis.call('HDEL', KEYS[4], id)
  redis.call('DEL', KEYS[5])
else
  redis.call('HSET', KEYS[1], id, text)
end
if ARGV[5] ~= '' then
  redis.call('HSET', KEYS[5], ARGV[6], ARGV[5])
  redis.call('PEXPIRE', KEYS[5], ARGV[7])
  redis.call('ZADD', KEYS[2], 'GT', ARGV[5], id)
  redis.call('ZADD', KEYS[3], 'GT', ARGV[5], id)
end
if ARGV[8] ~= '' then
  redis.call('HSET', KEYS[4], id, ARGV[8])
end
for place = 11, #ARGV do
  redis.call('XADD', KEYS[6], 'MAXLEN', '~', ARGV[9], '*', 'news', ARGV[place])
end
return 1

-- Agents of which nothing was heard are offline, and that is told: once, whoever notices first.
--
-- KEYS[1]   sorted set: agent -> newest heartbeat of its replicas, for those announced online
-- KEYS[2]   stream of news
-- KEYS[3..] for each agent, hash: replica -> its last heartbeat
-- ARGV[1]   the moment since which they must have been silent
-- ARGV[2]   about how long the stream may get
-- ARGV[3..] for each agent: its id, then the news
--
-- Returns the ids of those that are offline now and were not before.

local gone = {}
for place = 3, #KEYS do
  local id, news = ARGV[2 * place - 3], ARGV[2 * place - 2]
  local heard = redis.call('ZSCORE', KEYS[1], id)
  if heard and tonumber(heard) <= tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], id)
    redis.call('DEL', KEYS[place])
    redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'news', news)
    gone[#gone + 1] = id
  end
end
return gone

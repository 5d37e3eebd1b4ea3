-- Agents are online again, and that is told: once, whoever says so first.
--
-- KEYS[1]   hash: agent -> its text
-- KEYS[2]   sorted set: agent -> newest heartbeat of its replicas, for those announced online
-- KEYS[3]   stream of news
-- ARGV[1]   the moment of the heartbeat
-- ARGV[2]   about how long the stream may get
-- ARGV[3..] for each agent: its id, then the news

for place = 3, #ARGV, 2 do
  local id = ARGV[place]
  if redis.call('HEXISTS', KEYS[1], id) == 1 and redis.call('ZADD', KEYS[2], 'NX', ARGV[1], id) == 1 then
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'news', ARGV[place + 1])
  end
end

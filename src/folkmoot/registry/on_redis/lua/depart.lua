-- A host lets agents depart: offline unless another replica lives.
--
-- KEYS[1]   sorted set: agent -> newest heartbeat of its replicas, for those announced online
-- KEYS[2]   stream of news
-- KEYS[3..] for each agent, hash: replica -> its last heartbeat
-- ARGV[1]   the replica: this host
-- ARGV[2]   replicas that were silent since this moment do not live
-- ARGV[3]   about how long the stream may get
-- ARGV[4..] for each agent: its id, then the news for the case that it is offline now

for place = 3, #KEYS do
  local id, news = ARGV[2 * place - 2], ARGV[2 * place - 1]
  redis.call('HDEL', KEYS[place], ARGV[1])
  local newest
  for _, moment in ipairs(redis.call('HVALS', KEYS[place])) do
    if tonumber(moment) > tonumber(ARGV[2]) and (not newest or tonumber(moment) > tonumber(newest)) then
      newest = moment
    end
  end
  if newest then
    redis.call('ZADD', KEYS[1], 'XX', newest, id)
  else
    redis.call('DEL', KEYS[place])
    if redis.call('ZREM', KEYS[1], id) == 1 then
      redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[3], '*', 'news', news)
    end
  end
end

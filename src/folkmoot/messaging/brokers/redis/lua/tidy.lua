-- Delete what is left of a mailbox in which nothing is left.
--
-- KEYS[1]  what every key of the mailbox begins with
--
-- Answers 1 if there was nothing. Whoever takes from it finds its streams gone and makes them anew.
local base = KEYS[1]
for _, part in ipairs({'settled', 'dead', 'later', 'lanes'}) do
  if redis.call('EXISTS', base .. part) == 1 then return 0 end
end
if tonumber(redis.call('HGET', base .. 'meta', 'size') or '0') > 0 then return 0 end
for rank = 0, 3 do
  if redis.call('EXISTS', base .. 's:' .. rank) == 1 and redis.call('XLEN', base .. 's:' .. rank) > 0 then return 0 end
end
redis.call('DEL', base .. 'meta', base .. 'expiry')
for rank = 0, 3 do redis.call('DEL', base .. 's:' .. rank, base .. 'ready:' .. rank) end
return 1

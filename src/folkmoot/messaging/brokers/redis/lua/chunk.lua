-- Parts of a reply that is still being made, for whoever reads it as it comes.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     channel of answers, seconds for which chunks are kept, then for each part 2: id, the part
--
-- Each gets a number, goes out at once, and is kept for a while for a reader that missed one.
local base, answers, kept = KEYS[1], ARGV[1], ARGV[2]
for at = 3, #ARGV, 2 do
  local id, part = ARGV[at], ARGV[at + 1]
  local waiting = redis.call('HGET', base .. 'm:' .. id, 'w')
  if waiting and string.find(waiting, '~', 1, true) then
    local number = redis.call('HINCRBY', base .. 'm:' .. id, 'k', 1) - 1
    local chunks = base .. 'c:' .. id
    redis.call('XADD', chunks, 'MAXLEN', '~', 10000, '*', 'n', number, 'p', part)
    redis.call('EXPIRE', chunks, kept)
    local text = pieces('chunk', id, number, part)
    for asker in string.gmatch(waiting, '([^ ]+~) ') do redis.call('PUBLISH', answers .. string.sub(asker, 1, -2), text) end
  end
end
return 1

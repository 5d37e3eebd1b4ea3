-- Parts of a reply that is still being made, for whoever reads it as it comes.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     channel of answers, seconds for which chunks are kept, then for each part 3: id, mark, the part
--
-- Each gets a number, goes out at once, and is kept for a while for a reader that missed one. One that
-- bears the mark of the last is that one, sent again because the answer was lost.
local base, answers, kept = KEYS[1], ARGV[1], ARGV[2]
for at = 3, #ARGV, 3 do
  local id, mark, part = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local known = redis.call('HMGET', base .. 'm:' .. id, 'w', 'q')
  local waiting = known[1]
  if waiting and known[2] ~= mark and string.find(waiting, '~', 1, true) then
    local number = redis.call('HINCRBY', base .. 'm:' .. id, 'k', 1) - 1
    redis.call('HSET', base .. 'm:' .. id, 'q', mark)
    local chunks = base .. 'c:' .. id
    redis.call('XADD', chunks, 'MAXLEN', '~', 10000, '*', 'n', number, 'p', part)
    redis.call('EXPIRE', chunks, kept)
    local text = pieces('chunk', id, number, part)
    for asker in string.gmatch(waiting, '([^ ]+~) ') do redis.call('PUBLISH', answers .. string.sub(asker, 1, -2), text) end
  end
end
return 1

-- Empty kept replies of an agent to messages of some intents.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     cursor of the settled messages, then the intents
--
-- Answers {next cursor, how many}.
local base = KEYS[1]
local page = redis.call('ZSCAN', base .. 'settled', ARGV[1], 'COUNT', 500)
local wanted, emptied = {}, 0
for number = 2, #ARGV do wanted[ARGV[number]] = true end
for number = 1, #page[2], 2 do
  local record = base .. 'm:' .. page[2][number]
  local known = redis.call('HMGET', record, 'i', 'y')
  if known[1] and wanted[known[1]] and known[2] and known[2] ~= '' then
    redis.call('HSET', record, 'y', '')
    redis.call('DEL', base .. 'c:' .. page[2][number])
    emptied = emptied + 1
  end
end
return {page[1], emptied}

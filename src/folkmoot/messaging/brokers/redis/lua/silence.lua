-- Empty kept replies of an agent to messages of some intents.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     place in the row of settled messages, from 0, then the intents
--
-- Answers {where to go on or 0, how many}.
local base, place = KEYS[1], tonumber(ARGV[1])
local ids = redis.call('LRANGE', base .. 'settled', place, place + 499)
local wanted, emptied = {}, 0
for number = 2, #ARGV do wanted[ARGV[number]] = true end
for _, id in ipairs(ids) do
  local record = base .. 'm:' .. id
  local known = redis.call('HMGET', record, 'b', 'y')
  if known[1] and known[2] and known[2] ~= '' then
    local readable, message = pcall(cjson.decode, known[1])
    if readable and wanted[message.intent] then
      redis.call('HSET', record, 'y', '')
      redis.call('DEL', base .. 'c:' .. id)
      emptied = emptied + 1
    end
  end
end
return {#ids == 500 and place + 500 or 0, emptied}

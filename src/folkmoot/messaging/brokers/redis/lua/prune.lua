-- Forget messages that ended before a time.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     before, most at once
--
-- Answers {id, sender, conversation, …} of those that are forgotten.
local base, before = KEYS[1], tonumber(ARGV[1])
local gone, counts, forgotten = {}, {handled = 0, expired = 0}, 0
for _, id in ipairs(redis.call('LRANGE', base .. 'settled', 0, ARGV[2] - 1)) do
  local record = base .. 'm:' .. id
  local known = redis.call('HMGET', record, 'st', 'z', 'b')
  if known[2] and tonumber(known[2]) >= before then break end
  forgotten = forgotten + 1
  if known[1] then
    local readable, message = pcall(cjson.decode, known[3])
    redis.call('DEL', record, base .. 'c:' .. id)
    gone[#gone + 1] = id
    gone[#gone + 1] = readable and message.sender_id or ''
    gone[#gone + 1] = readable and message.conversation_id or ''
    counts[known[1]] = counts[known[1]] + 1
  end
end
if forgotten > 0 then redis.call('LPOP', base .. 'settled', forgotten) end
for status, count in pairs(counts) do
  if count > 0 then redis.call('HINCRBY', base .. 'meta', status, -count) end
end
return gone

-- The figures of one mailbox.
--
-- KEYS[1]  what every key of the mailbox begins with
-- ARGV     slots whose rates are wanted
--
-- Answers {size, lanes that are being handled, handled, dead, expired, when the oldest was accepted or '',
-- then the sums over the slots: accepted, handled, repeated, attempts, seconds of handling}.
local base = KEYS[1]
local known = redis.call('HMGET', base .. 'meta', 'size', 'handled', 'dead', 'expired')
local oldest = ''
for rank = 0, 3 do
  local first = redis.call('XRANGE', base .. 's:' .. rank, '-', '+', 'COUNT', 1)
  if first[1] then
    local accepted = redis.call('HGET', base .. 'm:' .. first[1][2][2], 'a')
    if accepted and (oldest == '' or tonumber(accepted) < tonumber(oldest)) then oldest = accepted end
  end
end
local sums = {0, 0, 0, 0, 0}
for _, slot in ipairs(ARGV) do
  for number, value in ipairs(redis.call('HMGET', base .. 'rate:' .. slot, 'a', 'h', 'r', 't', 'd')) do
    sums[number] = sums[number] + tonumber(value or '0')
  end
end
local out = {known[1] or '0', redis.call('HLEN', base .. 'lanes'), known[2] or '0', known[3] or '0', known[4] or '0', oldest}
for _, sum in ipairs(sums) do out[#out + 1] = tostring(sum) end
return out

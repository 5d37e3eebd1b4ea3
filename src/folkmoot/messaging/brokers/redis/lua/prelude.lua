-- What stands before every script of this folder: how whoever waits for an end is told, and how a record is read.
--
-- Who waits stands in a message's record as `<process> ` or, where parts of the reply are wanted too, `<process>~ `.
-- What is told is a row of pieces, `<length>:<text>`: `end`, id, status, when, attempts, error, kind of error, reply,
-- chunks sent.
local function pieces(...)
  local text = ''
  for _, part in ipairs({...}) do
    part = tostring(part)
    text = text .. #part .. ':' .. part
  end
  return text
end

local function each_asker(waiting, act)
  for asker in string.gmatch(waiting or '', '([^ ~]+)~? ') do act(asker) end
end

-- Where a message lies: its entry in the stream, its lane `<rank>:<sender>`, its rank, its sender.
local function lies(where)
  local entry, lane = string.match(where, '^(%S+) (.*)$')
  return entry, lane, string.sub(lane, 1, 1), string.sub(lane, 3)
end


-- Say that a process lives.
--
-- KEYS[1]  the sign of life of the process
-- ARGV     for how many milliseconds it counts
--
-- Answers 1 if the sign was there still, 0 if the others may have taken the process for dead since the last.
--
-- A full Redis refuses a bare SET, but not one in a script that has written before: a process that could not say that
-- it lives would not take the mail that fills it.
if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 1 then return 1 end
redis.call('SET', KEYS[1], '1', 'PX', ARGV[1])
return 0

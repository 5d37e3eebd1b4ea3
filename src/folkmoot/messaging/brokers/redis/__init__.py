"""The broker that many processes share: mailboxes on Redis 7 (or Valkey), the keys of each in one slot.

`folkmoot:mail:{agent}:` and then

    s:0 … s:3        a stream for each priority: what waits, in order of acceptance; the consumer group `agents` reads
                     it, and an entry is acknowledged and deleted when its message has ended
    q:<rank>:<from>  a lane: what was read ahead of one sender within one priority; what is being handled is at the head
    ready:<rank>     lanes that have something and that nobody has, in turn
    lanes            which consumer has which lane
    m:<id>           one message: b body, l its entry and lane, a accepted, p its position, x expires, n attempts,
                     e error, w who waits, st status, z when it ended, g kind of error, y reply, k chunks,
                     q mark of the last, r mark of its last retry, d deaths of those who handled it
    later, expiry    when messages in backoff are due, and when messages expire
    settled, dead    what was handled or expired, in that order; what was given up, by time
    c:<id>           parts of a reply, for some minutes
    meta, rate:<n>   figures; the latter by slots of ten seconds
    bell, and folkmoot:house:answers:<process>    channels; nothing that is lost there is lost for good

Everything that must happen together is one script in `lua/`, whose head names its keys. Scripts may be repeated: what
they do twice has no effect twice. `outbox` sends, `asking` asks, `desk` takes and settles, `ears` listens, `answers` is
who waits, `timers` what the time has come for, `presence` who lives, `archive` and `lists` what is looked up. `broker`
joins them.
"""

"""The brokers: `embedded` (one process, an SQLite journal), `memory` (one process, nothing kept), `redis` (many).

All share `attempt` (one message handled once), `address`, `replies`, `ending` and `drain`. The embedded broker is split
by act: `journal` is the file and its SQL, `writer` the thread that commits in groups, `reader` everything that is asked
of the file, `write` how messages become JSON, `mailboxes` who is next, `deliver` the handling of one message, `settle`
its end, `replies` who waits for it, `alarm` what happens later, `traffic` and
`overview` the figures of each mailbox. `embedded` joins them. The others are packages that say so themselves.
"""

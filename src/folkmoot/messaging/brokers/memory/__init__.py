"""The broker of one process that keeps nothing beyond it: fast, and gone when the process ends.

Promises and order are those of `Broker`, without "durable". `kept` is one message in memory and how it is copied,
`shelf` all of them with what is remembered of their ends, `accept` takes them in, `deliver` hands them to handlers.
`broker` joins them with the parts that every broker of one process has: mailboxes, attempts, ends, the alarm.
"""

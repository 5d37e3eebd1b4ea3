"""How programs that are no server join a workplace: a broker, a registry and a host for agents of their own.

`line.py` says what a line is, `embedded.py` and `on_redis.py` open one, `served.py` reaches a server over HTTP instead.
`choose.py` tells from the settings which is meant, `keep.py` lets the objects of a program share it.
"""

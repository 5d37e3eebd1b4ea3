"""Rooms under load: a thousand open sockets, a plain handler and the offline model, beside a bare echo."""

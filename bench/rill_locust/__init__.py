"""A client of Rill in Python, written from docs/protocol.md and nothing else.

`varint`, `bodies`, `messages`, `frames`, `mux_frames`, `mux`, `rooms` and `session` are the protocol: bytes in,
bytes and events out, no sockets, no clock but for the ids it makes, the standard library alone. `link` puts a
session on a WebSocket; `accounts`, `ledger`, `talk`, `run` and `user` belong to the scenarios for
Locust (bench/locustfile.py).
"""

"""The codec against protocol/vectors and docs/protocol.md, and the state machines against a peer of their own.

The standard library alone: `python3 -m unittest discover -s bench/rill_locust/tests -t bench`.
"""

"""The frames of the mux (docs/protocol.md, "The mux"), without the states of streams."""

from __future__ import annotations

from collections.abc import Iterator

from . import varint
from .varint import U32_MAX, U53_MAX, Cut, WireError

DATA, FIN, RESET, STOP, CREDIT, DATAGRAM, OPEN = range(7)

CHUNK_BYTES_MAX = 16_384
MESSAGE_BYTES_MAX = 65_536
DATAGRAM_BYTES_MAX = 1_000
CLASS_MAX = 4

Frame = tuple[int, int, int | bytes]
"""Kind; stream, 0 of a datagram; and bytes, code, limit or class, 0 of a Fin."""


def encode(kind: int, *integers: int) -> bytes:
    """A frame, or what stands before its bytes."""
    out = bytearray([kind])
    for integer in integers:
        varint.write(out, integer)
    return bytes(out)


def read(message: bytes) -> Iterator[Frame]:
    """The frames of a message, one after the other: those before an error are taken first."""
    if not message:
        raise WireError("empty_message")
    if len(message) > MESSAGE_BYTES_MAX:
        raise WireError("message_too_long")
    at = 0
    while at < len(message):
        try:
            frame, at = _frame(message, at)
        except (Cut, IndexError) as cut:
            raise WireError("cut") from cut
        yield frame


def _frame(message: bytes, at: int) -> tuple[Frame, int]:
    kind = message[at]
    at += 1
    if kind > OPEN:
        raise WireError("kind")
    stream = 0
    if kind != DATAGRAM:
        stream, at = _below(message, at, U32_MAX)
    if kind == FIN:
        return (kind, stream, 0), at
    if kind in (RESET, STOP):
        code, at = _below(message, at, U32_MAX)
        return (kind, stream, code), at
    if kind == CREDIT:
        limit, at = _below(message, at, U53_MAX)
        return (kind, stream, limit), at
    if kind == OPEN:
        # One byte and no integer; below 251 both are the same.
        if message[at] > CLASS_MAX:
            raise WireError("class")
        return (kind, stream, message[at]), at + 1
    size, at = varint.read(message, at)
    if kind == DATA and not 1 <= size <= CHUNK_BYTES_MAX:
        raise WireError("chunk_length")
    if kind == DATAGRAM and size > DATAGRAM_BYTES_MAX:
        raise WireError("datagram_too_long")
    end = at + size
    if end > len(message):
        raise Cut
    return (kind, stream, message[at:end]), end


def _below(message: bytes, at: int, maximum: int) -> tuple[int, int]:
    value, at = varint.read(message, at)
    if value > maximum:
        raise WireError("range")
    return value, at

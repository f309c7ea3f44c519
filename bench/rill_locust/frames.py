"""Frames of a stream (docs/protocol.md, "Frames"): `length varint | kind varint | body`."""

from __future__ import annotations

from . import varint
from .varint import U32_MAX, Cut, WireError

SERVER_FRAME_BYTES_MAX = 1_048_576
"""Kind and body of a frame of the server; a longer one is an error."""


def encode(kind: int, body: bytes) -> bytes:
    head = varint.encode(kind)
    return varint.encode(len(head) + len(body)) + head + body


class Reader:
    """Takes the bytes of one direction of one stream, cut anywhere, and gives whole frames."""

    def __init__(self, bytes_max: int = SERVER_FRAME_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._kept = b""

    def push(self, data: bytes) -> list[tuple[int, bytes]]:
        """Kind and body of every frame that is whole now. The frames before an error go with it."""
        data = self._kept + data if self._kept else data
        frames: list[tuple[int, bytes]] = []
        at = 0
        try:
            while at < len(data):
                length, start = varint.read(data, at)
                if length > self._bytes_max:
                    raise WireError("too_long")
                end = start + length
                if end > len(data):
                    break
                try:
                    kind, body = varint.read(data, start)
                except Cut as cut:
                    raise WireError("kind") from cut
                if kind > U32_MAX or body > end:
                    raise WireError("kind")
                frames.append((kind, data[body:end]))
                at = end
        except Cut:
            pass
        except WireError as error:
            raise FrameError(error.name, frames) from error
        self._kept = data[at:]
        return frames

    @property
    def is_cut(self) -> bool:
        """Whether a frame has begun and is not whole: a stream must not end here."""
        return bool(self._kept)


class FrameError(WireError):
    """An error of framing, and the frames before it."""

    def __init__(self, name: str, frames: list[tuple[int, bytes]]) -> None:
        super().__init__(name)
        self.frames = frames

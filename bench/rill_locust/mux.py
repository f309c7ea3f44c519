"""Many streams over one WebSocket (docs/protocol.md, "The mux"): messages in, messages out, no socket.

What comes is told as events; what was read is said with `consumed`, and grants credit. `message` makes the
next WebSocket message when the transport has taken the last one.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from . import mux_frames
from .mux_frames import CHUNK_BYTES_MAX
from .varint import WireError

CONTROL, LANE_IN_VIEW, LANE_OTHERS, HISTORY, FILE = range(5)
"""Classes of streams, most urgent first."""

STREAMS_MAX = 16
MESSAGE_ENDS_BEHIND_BYTES = 16_384
DATAGRAMS_MAX = 64
WINDOW_BYTES = 262_144
POOL_BYTES = 1_048_576
FILES_BYTES_MAX = 786_432
CREDIT_STEP_BYTES = 131_072


@dataclass(slots=True)
class Opened:
    """The client opened a stream (only a server hears this)."""

    stream: int
    stream_class: int


@dataclass(slots=True)
class Data:
    """Bytes of a stream; the application says `consumed` when it has read them."""

    stream: int
    data: bytes
    is_bulk: bool


@dataclass(slots=True)
class Ended:
    """The peer's direction has ended: whole, or given up with a code."""

    stream: int
    code: int | None


@dataclass(slots=True)
class Stopped:
    """The peer wants no more of this side's direction, which ends with the same code."""

    stream: int
    code: int


@dataclass(slots=True)
class Datagram:
    data: bytes


Event = Opened | Data | Ended | Stopped | Datagram


@dataclass(slots=True)
class _Stream:
    stream_class: int
    pending: bytearray = field(default_factory=bytearray)
    sent: int = 0
    send_limit: int = WINDOW_BYTES
    fin_follows: bool = False
    send_over: bool = False
    received: int = 0
    consumed: int = 0
    granted: int = WINDOW_BYTES
    receive_over: bool = False
    thrown_away: bool = False

    @property
    def is_bulk(self) -> bool:
        return self.stream_class >= HISTORY


@dataclass(slots=True)
class _Pool:
    """What streams of history and files share, one direction."""

    used: int = 0
    limit: int = POOL_BYTES
    consumed: int = 0


class Mux:
    def __init__(self, *, is_server: bool = False) -> None:
        self._is_server = is_server
        self._streams: dict[int, _Stream] = {}
        self._last_opened = 0
        self._urgent_frames: deque[bytes] = deque()
        self._datagrams: deque[bytes] = deque(maxlen=DATAGRAMS_MAX)
        self._turns: deque[int] = deque()
        self._sending = _Pool()
        self._receiving = _Pool()

    # --- what this side says ------------------------------------------------

    def open(self, stream_class: int) -> int:
        """Opens the next stream, both ways."""
        if len(self._streams) >= STREAMS_MAX:
            raise RuntimeError("too many streams are open")
        self._last_opened += 1
        self._streams[self._last_opened] = _Stream(stream_class)
        self._turns.append(self._last_opened)
        self._urgent_frames.append(mux_frames.encode(mux_frames.OPEN, self._last_opened, stream_class))
        return self._last_opened

    def write(self, stream: int, data: bytes) -> None:
        """Puts bytes behind those that wait; they leave as the peer's credit allows."""
        state = self._streams.get(stream)
        if state is None or state.send_over or state.fin_follows:
            raise RuntimeError("this side of the stream has ended")
        state.pending += data

    def finish(self, stream: int) -> None:
        state = self._streams.get(stream)
        if state is not None and not state.send_over:
            state.fin_follows = True

    def reset(self, stream: int, code: int) -> None:
        state = self._streams.get(stream)
        if state is not None and not state.send_over:
            state.pending.clear()
            state.send_over = True
            self._urgent_frames.append(mux_frames.encode(mux_frames.RESET, stream, code))
            self._forget_if_over(stream, state)

    def stop(self, stream: int, code: int) -> None:
        """Asks the peer to end its direction; what still comes of it is thrown away."""
        state = self._streams.get(stream)
        if state is not None and not state.receive_over and not state.thrown_away:
            state.thrown_away = True
            self._urgent_frames.append(mux_frames.encode(mux_frames.STOP, stream, code))

    def datagram(self, data: bytes) -> None:
        self._datagrams.append(data)

    def consumed(self, event: Data) -> None:
        """The application has read the bytes of an event: they may come back as credit."""
        size = len(event.data)
        state = self._streams.get(event.stream)
        if state is not None and not state.receive_over:
            state.consumed += size
            limit = state.consumed + WINDOW_BYTES
            if limit - state.granted >= CREDIT_STEP_BYTES:
                state.granted = limit
                self._urgent_frames.append(mux_frames.encode(mux_frames.CREDIT, event.stream, limit))
        if event.is_bulk:
            self._give_back(size)

    def message(self) -> bytes | None:
        """The next WebSocket message, or nothing if nothing may be sent now."""
        out = bytearray()
        while self._urgent_frames and len(out) < MESSAGE_ENDS_BEHIND_BYTES:
            out += self._urgent_frames.popleft()
        while self._datagrams and len(out) < MESSAGE_ENDS_BEHIND_BYTES:
            datagram = self._datagrams.popleft()
            out += mux_frames.encode(mux_frames.DATAGRAM, len(datagram)) + datagram
        while len(out) < MESSAGE_ENDS_BEHIND_BYTES and self._next_data(out):
            pass
        return bytes(out) if out else None

    def _next_data(self, out: bytearray) -> bool:
        """Appends a chunk, or the end, of the most urgent stream that may send."""
        chosen: tuple[int, _Stream, int] | None = None
        for stream in self._turns:
            state = self._streams[stream]
            size = self._may_send(state)
            has_turn = size or (state.fin_follows and not state.pending)
            if has_turn and (chosen is None or state.stream_class < chosen[1].stream_class):
                chosen = stream, state, size
        if chosen is None:
            return False
        stream, state, size = chosen
        self._turns.remove(stream)
        self._turns.append(stream)
        if size:
            out += mux_frames.encode(mux_frames.DATA, stream, size) + state.pending[:size]
            del state.pending[:size]
            state.sent += size
            if state.is_bulk:
                self._sending.used += size
        if state.fin_follows and not state.pending:
            out += mux_frames.encode(mux_frames.FIN, stream)
            state.send_over, state.fin_follows = True, False
            self._forget_if_over(stream, state)
        return True

    def _may_send(self, state: _Stream) -> int:
        size = min(len(state.pending), CHUNK_BYTES_MAX, state.send_limit - state.sent)
        if state.is_bulk:
            size = min(size, self._sending.limit - self._sending.used)
        if state.stream_class == FILE:
            held = self._sending.used - (self._sending.limit - POOL_BYTES)
            size = min(size, FILES_BYTES_MAX - held)
        return max(size, 0)

    # --- what the peer says -------------------------------------------------

    def receive(self, message: bytes) -> list[Event]:
        """Takes a binary message. `WireError` is the end of the connection."""
        events: list[Event] = []
        for kind, stream, value in mux_frames.read(message):
            if kind == mux_frames.DATA:
                assert isinstance(value, bytes)
                self._take(stream, value, events)
            elif kind == mux_frames.DATAGRAM:
                assert isinstance(value, bytes)
                events.append(Datagram(value))
            elif kind == mux_frames.FIN:
                self._end(stream, None, events)
            else:
                assert isinstance(value, int)
                if kind == mux_frames.RESET:
                    self._end(stream, value, events)
                elif kind == mux_frames.STOP:
                    self._stopped(stream, value, events)
                elif kind == mux_frames.CREDIT:
                    self._granted(stream, value)
                else:
                    self._opened(stream, value, events)
        return events

    def _receiving_side(self, stream: int) -> _Stream:
        if not 1 <= stream <= self._last_opened:
            raise WireError("unknown_stream")
        state = self._streams.get(stream)
        if state is None or state.receive_over:
            raise WireError("after_end")
        return state

    def _take(self, stream: int, data: bytes, events: list[Event]) -> None:
        state = self._receiving_side(stream)
        state.received += len(data)
        if state.received > state.granted:
            raise WireError("over_stream_credit")
        if state.is_bulk:
            self._receiving.used += len(data)
            if self._receiving.used > self._receiving.limit:
                raise WireError("over_pool_credit")
        event = Data(stream, data, state.is_bulk)
        if state.thrown_away:
            self.consumed(event)
        else:
            events.append(event)

    def _end(self, stream: int, code: int | None, events: list[Event]) -> None:
        state = self._receiving_side(stream)
        state.receive_over = True
        if not state.thrown_away:
            events.append(Ended(stream, code))
        self._forget_if_over(stream, state)

    def _stopped(self, stream: int, code: int, events: list[Event]) -> None:
        if not 1 <= stream <= self._last_opened:
            raise WireError("unknown_stream")
        state = self._streams.get(stream)
        if state is not None and not state.send_over:
            events.append(Stopped(stream, code))
            self.reset(stream, code)

    def _granted(self, stream: int, limit: int) -> None:
        if stream == 0:
            if limit < self._sending.limit:
                raise WireError("credit_shrank")
            self._sending.limit = limit
            return
        if stream > self._last_opened:
            raise WireError("unknown_stream")
        state = self._streams.get(stream)
        if state is None or state.send_over:
            return
        if limit < state.send_limit:
            raise WireError("credit_shrank")
        state.send_limit = limit

    def _opened(self, stream: int, stream_class: int, events: list[Event]) -> None:
        if not self._is_server:
            raise WireError("open_by_server")
        if stream != self._last_opened + 1:
            raise WireError("open_order")
        if len(self._streams) >= STREAMS_MAX:
            raise WireError("too_many_streams")
        self._last_opened = stream
        self._streams[stream] = _Stream(stream_class)
        self._turns.append(stream)
        events.append(Opened(stream, stream_class))

    def _give_back(self, size: int) -> None:
        pool = self._receiving
        pool.consumed += size
        limit = pool.consumed + POOL_BYTES
        if limit - pool.limit >= CREDIT_STEP_BYTES:
            pool.limit = limit
            self._urgent_frames.append(mux_frames.encode(mux_frames.CREDIT, 0, limit))

    def _forget_if_over(self, stream: int, state: _Stream) -> None:
        if state.send_over and state.receive_over:
            del self._streams[stream]
            self._turns.remove(stream)

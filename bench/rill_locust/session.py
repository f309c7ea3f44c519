"""A client's connection from Hello to its end (docs/protocol.md, "Order of frames"), without a socket.

`receive` takes the server's messages and gives events; `mux.message` gives the messages to send. It follows
every room of the user, goes on with a lane that ended, and applies entries by their cursors.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Any

from . import frames, messages, mux
from .messages import NOTHING
from .rooms import Entry, Room
from .varint import WireError

IN_VIEW, OTHERS = 0, 1
RESUME_CURSORS_MAX = 500


@dataclass(slots=True)
class Ready:
    """Attached: the list of rooms is whole, and requests may be sent."""


@dataclass(slots=True)
class Answer:
    """The answer to a request; `name` is `Failed` if it was refused."""

    request: int
    name: str
    fields: dict[str, Any]


@dataclass(slots=True)
class Followed:
    """The entries of a room above `base` come from now on."""

    room: bytes
    base: int


@dataclass(slots=True)
class Applied:
    """The next entry of a room's log."""

    room: bytes
    entry: Entry


@dataclass(slots=True)
class Away:
    """The server is about to close."""

    reconnect_after_ms: int


Event = Ready | Answer | Followed | Applied | Away


def uuid7(now_ms: int | None = None) -> bytes:
    """A new id, as a client makes them (RFC 9562, section 5.7)."""
    now_ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    raw = bytearray(now_ms.to_bytes(6, "big") + os.urandom(10))
    raw[6] = raw[6] & 0x0F | 0x70
    raw[8] = raw[8] & 0x3F | 0x80
    return bytes(raw)


class Session:
    """`tail` is how many old entries of a room to ask for when nothing of it is known."""

    def __init__(self, ticket: bytes, client: str, *, tail: int = 0) -> None:
        self.mux = mux.Mux()
        self.rooms: dict[bytes, Room] = {}
        self.welcome: dict[str, Any] | None = None
        self._tail = tail
        self._view: bytes | None = None
        self._last_request = 0
        self._resumes: dict[int, list[bytes]] = {}
        self._readers: dict[int, frames.Reader] = {}
        self._lanes: dict[int, int] = {}
        self._handles: dict[int, dict[int, tuple[bytes, bytes]]] = {}
        self._is_ready = False
        self._control = self._open(mux.CONTROL, messages.encode("Control", version=1))
        self._say("Hello", ticket=ticket, attempt=uuid7(), client=client)

    def request(self, name: str, /, **fields: Any) -> int:
        """Sends a request on control; its number comes back in the `Answer`."""
        self._last_request += 1
        self._say(name, request=self._last_request, **fields)
        return self._last_request

    def ping(self) -> None:
        self._say("Ping", nonce=0)

    def view(self, room: bytes) -> None:
        """The room on the screen: its entries come on the lane in view."""
        self._view = room
        self._say("View", room=room, have_seq=self.rooms[room].have)

    def receive(self, message: bytes) -> list[Event]:
        """Takes a message of the server. `WireError` is the end of the connection."""
        events: list[Event] = []
        for event in self.mux.receive(message):
            if isinstance(event, mux.Data):
                for kind, body in self._readers[event.stream].push(event.data):
                    name, fields = messages.decode(kind, body)
                    if event.stream in self._lanes:
                        self._on_lane(event.stream, name, fields, events)
                    else:
                        self._on_control(name, fields, events)
                self.mux.consumed(event)
            elif isinstance(event, mux.Ended):
                self._ended(event)
        return events

    # --- control ------------------------------------------------------------

    def _on_control(self, name: str, fields: dict[str, Any], events: list[Event]) -> None:
        if name == "Welcome":
            self.welcome = fields
            self.request("Attach", user_epoch=NOTHING, user_seq=0)
        elif name == "Attached":
            self._open_lane(IN_VIEW)
            self._open_lane(OTHERS)
        elif name == "RoomAdded":
            room = fields["room"]["id"]
            self.rooms.setdefault(room, Room(self._tail))
            if self._is_ready:
                self._resume([room])
        elif name == "RoomRemoved":
            self.rooms.pop(fields["room"], None)
        elif name == "UserHead":
            if not self._is_ready:
                self._is_ready = True
                self._resume(list(self.rooms))
                events.append(Ready())
        elif name == "Resumed":
            self._resumed(fields, events)
        elif name == "GoAway":
            events.append(Away(fields["reconnect_after_ms"]))
        elif "request" in fields:
            self._resumes.pop(fields["request"], None)
            events.append(Answer(fields["request"], name, fields))

    def _resume(self, rooms: list[bytes]) -> None:
        for start in range(0, len(rooms), RESUME_CURSORS_MAX):
            asked = rooms[start : start + RESUME_CURSORS_MAX]
            states = [self.rooms[room] for room in asked]
            cursors = [
                {"room": room, "epoch": state.epoch, "seq": state.have, "tail": state.tail}
                for room, state in zip(asked, states, strict=True)
            ]
            number = self.request("Resume", cursors=cursors)
            self._resumes[number] = asked
            for state in states:
                state.resume, state.wants_resume = number, False

    def _resumed(self, fields: dict[str, Any], events: list[Event]) -> None:
        listed = {answer["room"]: answer for answer in fields["rooms"]}
        for room in self._resumes.pop(fields["request"], []):
            state = self.rooms.get(room)
            if state is None or state.resume != fields["request"]:
                continue
            answer = listed.get(room)
            if answer is None:
                entries = state.resumed(None, state.epoch, state.have)
                base = state.have - len(entries)
            else:
                entries = state.resumed(answer["outcome"], answer["epoch"], answer["base"])
                base = answer["base"]
            if not state.is_followed:
                del self.rooms[room]
                continue
            events.append(Followed(room, base))
            events += [Applied(room, entry) for entry in entries]
            if state.wants_resume:
                self._resume([room])

    # --- lanes --------------------------------------------------------------

    def _on_lane(self, stream: int, name: str, fields: dict[str, Any], events: list[Event]) -> None:
        if name == "RoomHandle":
            self._handles[stream][fields["handle"]] = fields["room"], fields["epoch"]
        elif name == "LaneReady":
            if self._lanes[stream] != fields["class"]:
                raise WireError("unexpected_frame")
            self._lane_is_ready(stream)
        elif "header" in fields:
            header = fields["header"]
            named = self._handles[stream].get(header["room"])
            if named is None:
                raise WireError("unknown_handle")
            room, epoch = named
            state = self.rooms.get(room)
            if state is None:
                return
            for entry in state.entry(epoch, header["seq"], (name, fields)):
                events.append(Applied(room, entry))
            if state.wants_resume and state.resume is None:
                self._resume([room])

    def _open_lane(self, lane_class: int) -> None:
        stream_class = mux.LANE_IN_VIEW if lane_class == IN_VIEW else mux.LANE_OTHERS
        stream = self._open(stream_class, messages.encode("Lane", **{"class": lane_class}))
        self._lanes[stream] = lane_class
        self._handles[stream] = {}

    def _lane_is_ready(self, stream: int) -> None:
        """Behind a lane that replaces one, everything is asked for again from where it is."""
        if self._is_replaced(stream):
            if self._lanes[stream] == IN_VIEW and self._view is not None and self._view in self.rooms:
                self.view(self._view)
            self._resume(list(self.rooms))

    def _is_replaced(self, stream: int) -> bool:
        return stream > self._control + 2

    def _ended(self, event: mux.Ended) -> None:
        stream = event.stream
        if event.code is None and self._readers[stream].is_cut:
            raise WireError("cut_frame")
        if stream == self._control:
            raise WireError("control_ended")
        del self._readers[stream]
        lane_class = self._lanes.pop(stream)
        del self._handles[stream]
        self.mux.finish(stream)
        self._open_lane(lane_class)

    def _open(self, stream_class: int, first: bytes) -> int:
        stream = self.mux.open(stream_class)
        self._readers[stream] = frames.Reader()
        self.mux.write(stream, first)
        return stream

    def _say(self, name: str, /, **fields: Any) -> None:
        self.mux.write(self._control, messages.encode(name, **fields))

"""A whole connection against a server of a few lines, which speaks through the mux's other end."""

import unittest
from typing import Any

from rill_locust import frames, messages, mux, session
from rill_locust.messages import NOTHING
from rill_locust.mux import Mux
from rill_locust.session import Session
from rill_locust.varint import WireError

ROOM, EPOCH, AUTHOR = bytes([1] * 16), bytes([2] * 16), bytes([3] * 16)
INFO = {"id": ROOM, "name": "r", "creator": AUTHOR, "creator_name": "a", "created_ms": 1, "members": 1, "joined": True}


class Peer:
    """The server's side: what the client said, and frames for it."""

    def __init__(self) -> None:
        self.session = Session(bytes(32), "test")
        self.mux = Mux(is_server=True)
        self.readers: dict[int, frames.Reader] = {}
        self.classes: dict[int, int] = {}
        self.take()

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """What the client has said since the last time."""
        heard = []
        while (message := self.session.mux.message()) is not None:
            for event in self.mux.receive(message):
                if isinstance(event, mux.Opened):
                    self.readers[event.stream] = frames.Reader(32_768)
                    self.classes[event.stream] = event.stream_class
                elif isinstance(event, mux.Data):
                    heard += [messages.decode(*frame) for frame in self.readers[event.stream].push(event.data)]
        return heard

    def say(self, stream: int, name: str, /, **fields: Any) -> list[session.Event]:
        self.mux.write(stream, messages.encode(name, **fields))
        return self.deliver()

    def deliver(self) -> list[session.Event]:
        events = []
        while (message := self.mux.message()) is not None:
            events += self.session.receive(message)
        return events

    def entry(self, stream: int, seq: int, text: str = "x") -> list[session.Event]:
        header = {"room": 7, "seq": seq, "at_ms": 1, "author": AUTHOR, "client_id": seq.to_bytes(16, "big")}
        return self.say(stream, "EntryPosted", header=header, text=text)

    def attach(self) -> list[tuple[str, dict[str, Any]]]:
        """Welcomes the client into one room; what it says to that."""
        limits = {name: 1 for name, _ in messages.STRUCTS["Limits"]}
        self.say(
            1, "Welcome", user=AUTHOR, name="a", session=NOTHING, ticket=bytes(32), server="s", now_ms=1, limits=limits
        )
        self.say(1, "Attached", request=1, user_epoch=EPOCH, snapshot=True)
        self.say(1, "RoomAdded", header={"seq": 1, "at_ms": 1}, room=INFO)
        self.say(1, "UserHead", seq=1)
        return self.take()

    def follow(self, base: int) -> list[session.Event]:
        """Answers the newest Resume, and names the room on both lanes."""
        for lane in (2, 3):
            self.say(lane, "RoomHandle", handle=7, room=ROOM, epoch=EPOCH)
        room = {"room": ROOM, "outcome": 1, "epoch": EPOCH, "base": base, "head": base}
        return self.say(1, "Resumed", request=2, unchanged=0, rooms=[room])


def seqs(events: list[session.Event]) -> list[int]:
    return [event.entry[1]["header"]["seq"] for event in events if isinstance(event, session.Applied)]


class Connection(unittest.TestCase):
    def setUp(self) -> None:
        self.peer = Peer()

    def test_the_order_of_frames(self) -> None:
        peer = self.peer
        said = peer.attach()
        self.assertEqual([name for name, _ in said], ["Attach", "Resume", "Lane", "Lane"])
        self.assertEqual(peer.classes, {1: mux.CONTROL, 2: mux.LANE_IN_VIEW, 3: mux.LANE_OTHERS})
        cursor = {"room": ROOM, "epoch": NOTHING, "seq": 0, "tail": 0}
        self.assertEqual(said[1][1], {"request": 2, "cursors": [cursor]})

    def test_first_come_control_and_hello_alone(self) -> None:
        fresh = Session(bytes(32), "test")
        message = fresh.mux.message()
        assert message is not None
        self.assertEqual(message[:3], bytes.fromhex("060100"))
        # Data, stream 1: Control of version 1, then a Hello of 54 bytes (ticket, attempt, "test").
        self.assertEqual(message[3:11], bytes.fromhex("00013a020101360a"))
        self.assertIsNone(fresh.mux.message())

    def test_entries_are_applied_once_and_in_order(self) -> None:
        peer = self.peer
        peer.attach()
        early = peer.say(3, "RoomHandle", handle=7, room=ROOM, epoch=EPOCH) + peer.entry(3, 6)
        self.assertEqual(early, [])
        followed = peer.follow(5)
        self.assertEqual(followed[0], session.Followed(ROOM, 5))
        self.assertEqual(seqs(followed), [6])
        self.assertEqual(seqs(peer.entry(3, 8)), [])
        self.assertEqual(seqs(peer.entry(2, 7)), [7, 8])
        self.assertEqual(seqs(peer.entry(2, 8)), [])
        self.assertEqual(seqs(peer.entry(3, 5)), [])
        self.assertEqual(seqs(peer.entry(3, 9)), [9])

    def test_a_full_buffer_asks_again(self) -> None:
        peer = self.peer
        peer.attach()
        peer.follow(5)
        peer.take()
        for seq in range(7, 7 + 256):
            self.assertEqual(peer.entry(3, seq), [])
        self.assertEqual(peer.take(), [])
        peer.entry(3, 300)
        said = peer.take()
        self.assertEqual([name for name, _ in said], ["Resume"])
        self.assertEqual(said[0][1]["cursors"][0], {"room": ROOM, "epoch": EPOCH, "seq": 5, "tail": 0})

    def test_unchanged_rooms_are_followed(self) -> None:
        self.peer.attach()
        events = self.peer.say(1, "Resumed", request=2, unchanged=1, rooms=[])
        self.assertEqual(events, [session.Followed(ROOM, 0)])

    def test_another_epoch_begins_anew(self) -> None:
        peer = self.peer
        peer.attach()
        peer.follow(5)
        peer.take()
        other = bytes([9] * 16)
        peer.say(3, "RoomHandle", handle=7, room=ROOM, epoch=other)
        self.assertEqual(seqs(peer.entry(3, 2)), [])
        said = peer.take()
        self.assertEqual([name for name, _ in said], ["Resume"])
        room = {"room": ROOM, "outcome": 2, "epoch": other, "base": 1, "head": 2}
        events = peer.say(1, "Resumed", request=said[0][1]["request"], unchanged=0, rooms=[room])
        self.assertEqual(seqs(events), [2])

    def test_a_room_that_is_gone_is_forgotten(self) -> None:
        self.peer.attach()
        gone = {"room": ROOM, "outcome": 3, "epoch": NOTHING, "base": 0, "head": 0}
        self.assertEqual(self.peer.say(1, "Resumed", request=2, unchanged=0, rooms=[gone]), [])
        self.assertEqual(self.peer.session.rooms, {})

    def test_a_room_that_comes_later_is_resumed(self) -> None:
        peer = self.peer
        peer.attach()
        peer.follow(5)
        peer.take()
        other = bytes([8] * 16)
        peer.say(1, "RoomAdded", header={"seq": 2, "at_ms": 1}, room={**INFO, "id": other})
        said = peer.take()
        self.assertEqual([(name, fields["cursors"][0]["room"]) for name, fields in said], [("Resume", other)])
        peer.say(1, "RoomRemoved", header={"seq": 3, "at_ms": 1}, room=other)
        self.assertEqual(list(peer.session.rooms), [ROOM])

    def test_a_lane_that_ended_is_replaced(self) -> None:
        peer = self.peer
        peer.attach()
        peer.follow(5)
        peer.entry(3, 6)
        peer.session.view(ROOM)
        peer.take()
        peer.mux.reset(2, 7)
        peer.deliver()
        self.assertEqual(peer.take(), [("Lane", {"class": 0})])
        peer.say(4, "LaneReady", **{"class": 0})
        said = peer.take()
        self.assertEqual([name for name, _ in said], ["View", "Resume"])
        self.assertEqual(said[0][1], {"room": ROOM, "have_seq": 6})
        self.assertEqual(said[1][1]["cursors"][0]["seq"], 6)

    def test_answers_have_their_numbers(self) -> None:
        peer = self.peer
        peer.attach()
        number = peer.session.request("Post", room=ROOM, client_id=AUTHOR, text="hello")
        self.assertEqual(peer.take()[0][0], "Post")
        events = peer.say(1, "Failed", request=number, code=61, detail="")
        wanted = session.Answer(number, "Failed", {"request": number, "code": 61, "detail": ""})
        self.assertEqual(events, [wanted])

    def test_the_end_of_control_is_the_end(self) -> None:
        self.peer.attach()
        self.peer.mux.finish(1)
        with self.assertRaises(WireError):
            self.peer.deliver()

    def test_a_lane_must_not_end_in_a_frame(self) -> None:
        self.peer.attach()
        self.peer.mux.write(2, b"\x05")
        self.peer.mux.finish(2)
        with self.assertRaises(WireError) as caught:
            self.peer.deliver()
        self.assertEqual(caught.exception.name, "cut_frame")

    def test_an_entry_needs_a_handle(self) -> None:
        self.peer.attach()
        with self.assertRaises(WireError):
            self.peer.entry(3, 1)

    def test_ids_are_of_version_7(self) -> None:
        made = session.uuid7(0x0190A5D4AC96)
        self.assertEqual(made[:6].hex(), "0190a5d4ac96")
        self.assertEqual((made[6] >> 4, made[8] >> 6), (7, 2))

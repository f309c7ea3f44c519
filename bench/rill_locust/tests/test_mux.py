"""The mux against the golden vectors, and two ends of it against each other."""

import unittest
from typing import Any

from rill_locust import mux, mux_frames, varint
from rill_locust.mux import Mux
from rill_locust.varint import WireError

from .vectors import load


def messages_of(side: Mux) -> list[bytes]:
    made = []
    while (message := side.message()) is not None:
        made.append(message)
    return made


def run(vector: dict[str, Any]) -> None:
    """Takes every message of a vector of mux_refused.json; the last one is an error."""
    side = Mux(is_server=vector["role"] == "server")
    for stream_class in vector["opened"]:
        side.open(stream_class)
    for message in vector["messages"]:
        if "zeroes" in message:
            zeroes = message["zeroes"]
            head = bytes([0]) + varint.encode(zeroes["stream"]) + varint.encode(zeroes["length"])
            for _ in range(zeroes["times"]):
                side.receive(head + bytes(zeroes["length"]))
        else:
            side.receive(bytes(message["zero_bytes"]) if "zero_bytes" in message else bytes.fromhex(message["hex"]))


class MuxVectors(unittest.TestCase):
    def test_refused(self) -> None:
        for vector in load("mux_refused.json"):
            with self.subTest(vector["name"]):
                with self.assertRaises(WireError) as caught:
                    run(vector)
                self.assertEqual(caught.exception.name, vector["error"])
                if len(vector["messages"]) > 1:
                    run({**vector, "messages": vector["messages"][:-1]})

    def test_frames(self) -> None:
        for vector in load("mux_frames.json"):
            with self.subTest(vector["name"]):
                streams = [frame["stream"] for frame in vector["frames"] if "stream" in frame]
                side = Mux(is_server=True)
                if vector["frames"][0]["kind"] == "open":
                    side._last_opened = streams[0] - 1
                else:
                    side._last_opened = max(streams, default=0)
                    side._streams = {stream: mux._Stream(mux.CONTROL) for stream in streams if stream}
                    side._turns.extend(side._streams)
                events = side.receive(bytes.fromhex(vector["hex"]))
                self.assertEqual(events, [event for frame in vector["frames"] for event in self.wanted(frame)])
                for frame in vector["frames"]:
                    if frame["kind"] == "credit":
                        granted = side._streams[frame["stream"]].send_limit if frame["stream"] else side._sending.limit
                        self.assertEqual(granted, frame["limit"])

    @staticmethod
    def wanted(frame: dict[str, Any]) -> list[mux.Event]:
        if frame["kind"] == "open":
            return [mux.Opened(frame["stream"], frame["class"])]
        if frame["kind"] == "data":
            return [mux.Data(frame["stream"], bytes.fromhex(frame["bytes_hex"]), False)]
        if frame["kind"] in ("fin", "reset"):
            return [mux.Ended(frame["stream"], frame.get("code"))]
        if frame["kind"] == "stop":
            return [mux.Stopped(frame["stream"], frame["code"])]
        if frame["kind"] == "datagram":
            return [mux.Datagram(bytes.fromhex(frame["bytes_hex"]))]
        return []

    def test_what_is_sent(self) -> None:
        client = Mux()
        client.write(client.open(mux.CONTROL), b"hello")
        client.finish(1)
        self.assertEqual(client.message(), bytes.fromhex("06010000010568656c6c6f0101"))
        self.assertIsNone(client.message())
        client.datagram(b"\x3d\x05")
        self.assertEqual(client.message(), bytes.fromhex("05023d05"))


class MuxRules(unittest.TestCase):
    def setUp(self) -> None:
        self.client, self.server = Mux(), Mux(is_server=True)

    def carry(self) -> list[mux.Event]:
        """Gives everything the client may send to the server."""
        return [event for message in messages_of(self.client) for event in self.server.receive(message)]

    def data(self, events: list[mux.Event]) -> list[mux.Data]:
        return [event for event in events if isinstance(event, mux.Data)]

    def read(self, events: list[mux.Event]) -> None:
        """The server's application reads, and the client hears of its credit."""
        for event in self.data(events):
            self.server.consumed(event)
        for message in messages_of(self.server):
            self.client.receive(message)

    def test_a_sender_waits_for_credit(self) -> None:
        stream = self.client.open(mux.CONTROL)
        self.client.write(stream, bytes(1_000_000))
        arrived = 0
        for expected in (262_144, 262_144, 262_144, 213_568):
            events = self.carry()
            size = sum(len(event.data) for event in self.data(events))
            self.assertEqual(size, expected)
            self.assertEqual(self.carry(), [])
            arrived += size
            self.read(events)
        self.assertEqual(arrived, 1_000_000)

    def test_history_and_files_share_a_pool(self) -> None:
        for _ in range(5):
            self.client.write(self.client.open(mux.FILE), bytes(262_144))
        files = self.carry()
        self.assertEqual(sum(len(event.data) for event in self.data(files)), mux.FILES_BYTES_MAX)
        self.client.write(self.client.open(mux.HISTORY), bytes(300_000))
        history = self.carry()
        self.assertEqual(sum(len(event.data) for event in self.data(history)), 262_144)
        self.read(files)
        self.assertEqual(sum(len(event.data) for event in self.data(self.carry())), 5 * 262_144 - mux.FILES_BYTES_MAX)

    def test_what_is_urgent_goes_first(self) -> None:
        history, control = self.client.open(mux.HISTORY), self.client.open(mux.CONTROL)
        self.client.write(history, bytes(40_000))
        self.client.message()
        self.client.write(control, b"ping")
        message = self.client.message()
        assert message is not None
        self.assertEqual(message[:7], bytes([0, control, 4]) + b"ping")
        self.assertLess(len(message), mux_frames.MESSAGE_BYTES_MAX)

    def test_a_stop_is_answered_by_a_reset(self) -> None:
        stream = self.client.open(mux.LANE_OTHERS)
        self.client.write(stream, b"x")
        self.carry()
        self.server.stop(stream, 8)
        for message in messages_of(self.server):
            self.assertEqual(self.client.receive(message), [mux.Stopped(stream, 8)])
        self.assertEqual(self.client.message(), bytes([2, stream, 8]))

    def test_bytes_of_a_stopped_stream_come_back_to_the_pool(self) -> None:
        stream = self.client.open(mux.HISTORY)
        self.client.write(stream, bytes(200_000))
        self.carry_open(stream)
        self.server.stop(stream, 0)
        self.assertEqual(self.data(self.carry()), [])
        granted = [message for message in messages_of(self.server) if bytes([4, 0]) in message]
        self.assertTrue(granted)

    def carry_open(self, stream: int) -> None:
        """Lets the server know of the stream, and no byte of it more than one message brings."""
        message = self.client.message()
        assert message is not None
        self.read(self.server.receive(message))
        self.assertIn(stream, self.server._streams)

    def test_a_stream_is_over_when_both_ways_are(self) -> None:
        for _ in range(mux.STREAMS_MAX):
            self.client.open(mux.HISTORY)
        self.carry()
        with self.assertRaises(RuntimeError):
            self.client.open(mux.HISTORY)
        self.client.finish(3)
        self.carry()
        self.server.reset(3, 0)
        for message in messages_of(self.server):
            self.client.receive(message)
        self.assertEqual(self.client.open(mux.HISTORY), mux.STREAMS_MAX + 1)
        self.assertEqual(self.carry(), [mux.Opened(mux.STREAMS_MAX + 1, mux.HISTORY)])
        self.server.receive(bytes.fromhex("0403fd0000000001000000"))
        self.server.receive(bytes.fromhex("030300"))

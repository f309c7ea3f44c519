"""Integers, bodies and frames against the golden vectors."""

import unittest

from rill_locust import bodies, frames, messages, varint
from rill_locust.varint import WireError

from .vectors import ROOT, as_json, load


class Codec(unittest.TestCase):
    def test_integers(self) -> None:
        for vector in load("varints.json"):
            with self.subTest(vector["name"]):
                raw = bytes.fromhex(vector["hex"])
                if "error" in vector:
                    with self.assertRaises(WireError) as caught:
                        varint.read(raw, 0)
                    self.assertEqual(caught.exception.name, vector["error"])
                else:
                    value = int(vector["value"])
                    self.assertEqual(varint.read(raw, 0), (value, len(raw)))
                    self.assertEqual(varint.encode(value), raw)

    def test_bodies_both_ways(self) -> None:
        seen = set()
        for vector in load("messages.json"):
            name = messages.NAMES.get(vector["kind"])
            if name is None:
                continue  # of a later version than this client
            seen.add(name)
            with self.subTest(vector["name"]):
                body = bytes.fromhex(vector["body_hex"])
                decoded_name, fields = messages.decode(vector["kind"], body)
                self.assertEqual(decoded_name, name)
                self.assertEqual(as_json(messages.TYPES[name], fields), vector["value"])
                self.assertEqual(messages.encode(name, **fields).hex(), vector["frame_hex"])
        self.assertEqual(seen, set(messages.NUMBERS))

    def test_every_cut_of_a_body_is_refused(self) -> None:
        for vector in load("messages.json"):
            body = bytes.fromhex(vector["body_hex"])
            if vector["kind"] in messages.NAMES and len(body) < 300:
                for size in range(len(body)):
                    with self.assertRaises(WireError, msg=f"{vector['name']}, {size} bytes"):
                        messages.decode(vector["kind"], body[:size])

    def test_bad_bodies(self) -> None:
        for vector in load("refused.json"):
            if vector["kind"] in messages.NAMES:
                with self.subTest(vector["name"]), self.assertRaises(WireError):
                    messages.decode(vector["kind"], bytes.fromhex(vector["body_hex"]))

    def test_a_longer_integer_is_taken_in_a_body(self) -> None:
        self.assertEqual(messages.decode(21, bytes.fromhex("fc09000000")), ("Done", {"request": 9}))
        self.assertEqual(messages.decode(223, bytes.fromhex("fd0900000000000000")), ("UserHead", {"seq": 9}))

    def test_kinds_of_a_later_version(self) -> None:
        header = {"room": 1, "seq": 42, "at_ms": 7, "author": bytes(16), "client_id": bytes(16)}
        raw = bytearray()
        messages.TYPES["EntryHeader"].write(raw, header)
        self.assertEqual(messages.decode(191, bytes(raw) + b"more"), ("Entry", {"header": header}))
        self.assertEqual(messages.decode(222, b"\x05\x06more"), ("UserEntry", {"header": {"seq": 5, "at_ms": 6}}))
        self.assertEqual(messages.decode(1000, b"\xff"), ("Unknown", {}))
        with self.assertRaises(WireError):
            messages.decode(191, b"\x01")

    def test_kinds_have_their_numbers(self) -> None:
        lines = (ROOT / "protocol/vectors/kinds.txt").read_text(encoding="utf-8").split("\n")
        pinned = {int(line.split()[0]): line.split()[1] for line in lines if line}
        self.assertEqual(messages.NAMES, {kind: pinned.get(kind) for kind in messages.NAMES})

    def test_what_does_not_fit_is_not_sent(self) -> None:
        for fields in ({"request": 2**32}, {"request": -1}, {}, {"request": 1, "more": 1}):
            with self.assertRaises(ValueError):
                messages.encode("Done", **fields)
        with self.assertRaises(ValueError):
            messages.encode("View", room=b"short", have_seq=0)

    def test_frames(self) -> None:
        for vector in load("frames.json"):
            with self.subTest(vector["name"]):
                raw, expected = bytes.fromhex(vector["hex"]), vector["expected"]
                wanted = [(frame["kind"], bytes.fromhex(frame["body_hex"])) for frame in expected["frames"]]
                reader = frames.Reader(vector["body_bytes_max"])
                if "error" in expected:
                    with self.assertRaises(frames.FrameError) as caught:
                        reader.push(raw)
                    self.assertEqual((caught.exception.name, caught.exception.frames), (expected["error"], wanted))
                    continue
                self.assertEqual(reader.push(raw), wanted)
                self.assertEqual(reader.is_cut, expected["cut"])
                bytewise = frames.Reader(vector["body_bytes_max"])
                got = [frame for at in range(len(raw)) for frame in bytewise.push(raw[at : at + 1])]
                self.assertEqual(got, wanted)

    def test_a_count_makes_no_room(self) -> None:
        with self.assertRaises(WireError):
            bodies.decode(bodies.List(bodies.Bool()), bytes.fromhex("fdffffffffffffff7f"))

"""The tables of this client are the tables of docs/protocol.md."""

import re
import unittest

from rill_locust import messages, mux, mux_frames, rooms, session

from .vectors import document


class Document(unittest.TestCase):
    def test_fields(self) -> None:
        sections = re.split(r"^#### ", document(), flags=re.MULTILINE)[1:]
        tables: dict[str, tuple[tuple[str, str], ...]] = {}
        for section in sections:
            name, _, text = section.partition("\n")
            text = re.split(r"^#{2,3} ", text, maxsplit=1, flags=re.MULTILINE)[0]
            table = re.search(r"^\| field \| type .*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
            if table:
                tables[name] = tuple(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", table[1], re.MULTILINE))
            elif text.lstrip().startswith("No fields."):
                tables[name] = ()
        self.assertEqual(messages.STRUCTS, {name: tables.get(name) for name in messages.STRUCTS})

    def test_kinds(self) -> None:
        kinds = dict(re.findall(r"^\| (\d+) \| `(\w+)` \| (?:client|server|both) \|", document(), re.MULTILINE))
        self.assertEqual(messages.NAMES, {kind: kinds.get(str(kind)) for kind in messages.NAMES})

    def test_limits(self) -> None:
        table = re.findall(r"^\| `([A-Z_]+)` \| ([\d,]+) \|", document(), re.MULTILINE)
        limits = {name: int(value.replace(",", "")) for name, value in table}
        self.assertEqual(limits["STREAMS_MAX"], mux.STREAMS_MAX)
        self.assertEqual(limits["MUX_CHUNK_BYTES_MAX"], mux_frames.CHUNK_BYTES_MAX)
        self.assertEqual(limits["MUX_MESSAGE_BYTES_MAX"], mux_frames.MESSAGE_BYTES_MAX)
        self.assertEqual(limits["DATAGRAM_BYTES_MAX"], mux_frames.DATAGRAM_BYTES_MAX)
        self.assertEqual(limits["MUX_DATAGRAMS_MAX"], mux.DATAGRAMS_MAX)
        self.assertEqual(limits["MUX_STREAM_WINDOW_BYTES"], mux.WINDOW_BYTES)
        self.assertEqual(limits["MUX_BULK_WINDOW_BYTES"], mux.POOL_BYTES)
        self.assertEqual(limits["MUX_FILE_WINDOW_BYTES"], mux.FILES_BYTES_MAX)
        self.assertEqual(limits["MUX_CREDIT_STEP_BYTES"], mux.CREDIT_STEP_BYTES)
        self.assertEqual(limits["REORDER_ENTRIES_MAX"], rooms.REORDER_ENTRIES_MAX)
        self.assertEqual(limits["RESUME_CURSORS_MAX"], session.RESUME_CURSORS_MAX)

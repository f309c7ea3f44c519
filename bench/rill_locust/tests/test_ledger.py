"""Every thing that may go wrong with a delivery is counted."""

import unittest

from rill_locust.ledger import Ledger, percentile

ANN, BEN = b"ann", b"ben"


class Counting(unittest.TestCase):
    def setUp(self) -> None:
        self.ledger = Ledger()
        self.ledger.joined(1, 10)
        self.ledger.joined(2, 11)
        for number, seq in ((1, 12), (2, 13)):
            self.ledger.posted(bytes([number]), 1, ANN, number, f"text {number}", 5.0)
            self.ledger.acked(bytes([number]), seq)
        self.ledger.delivered(1, 11, 5.0, b"join", BEN, None)

    def give(self, reader: int, seq: int, number: int, *, author: bytes = ANN, text: str | None = None) -> None:
        self.ledger.delivered(reader, seq, 5.1, bytes([number]), author, text or f"text {number}")

    def give_all(self) -> None:
        for reader in (1, 2):
            self.give(reader, 12, 1)
            self.give(reader, 13, 2)

    def check(self, **wanted: int) -> None:
        count = self.ledger.count()
        for name in ("lost", "doubled", "disordered", "altered", "refused"):
            self.assertEqual(getattr(count, name), wanted.get(name, 0), name)
        self.assertEqual(self.ledger.is_settled(), not count.lost)

    def test_nothing_is_wrong(self) -> None:
        self.give_all()
        self.check()
        self.assertEqual(self.ledger.count().delivered, 4)
        self.assertEqual([round(at) for at in self.ledger.delivery_ms], [100] * 4)
        self.assertEqual(len(self.ledger.take_fresh()), 4)
        self.assertEqual(self.ledger.take_fresh(), [])

    def test_lost(self) -> None:
        self.give(1, 12, 1)
        self.check(lost=3)

    def test_a_reader_who_leaves_is_owed_nothing(self) -> None:
        self.give(1, 12, 1)
        self.give(1, 13, 2)
        self.ledger.left(2)
        self.check()

    def test_a_reader_who_came_later_is_owed_what_is_later(self) -> None:
        self.give_all()
        self.ledger.joined(3, 12)
        self.check(lost=1)

    def test_doubled(self) -> None:
        self.give_all()
        self.give(1, 13, 2)
        self.check(doubled=1)

    def test_one_post_at_two_places(self) -> None:
        self.give_all()
        self.give(1, 14, 2)
        self.check(doubled=1)

    def test_a_hole(self) -> None:
        self.give_all()
        self.give(1, 15, 9)
        self.check(disordered=1)

    def test_another_place_than_was_acked(self) -> None:
        self.give_all()
        self.ledger.posted(bytes([3]), 1, ANN, 3, "text 3", 5.0)
        self.give(1, 14, 3)
        self.ledger.acked(bytes([3]), 15)
        self.check(disordered=1, lost=1)

    def test_an_authors_posts_change_places(self) -> None:
        for number, seq in ((4, 14), (3, 15)):
            self.ledger.posted(bytes([number]), 1, ANN, number, f"text {number}", 5.0)
            self.ledger.acked(bytes([number]), seq)
        self.give_all()
        for reader in (1, 2):
            self.give(reader, 14, 4)
            self.give(reader, 15, 3)
        self.check(disordered=2)

    def test_two_connections_of_one_account(self) -> None:
        self.ledger.posted(bytes([3]), 2, ANN, 1, "text 3", 5.0)
        self.ledger.acked(bytes([3]), 14)
        self.give_all()
        for reader in (1, 2):
            self.give(reader, 14, 3)
        self.check()

    def test_altered(self) -> None:
        self.give(1, 12, 1, text="text l")
        self.give(1, 13, 2, author=BEN)
        self.give(2, 12, 1)
        self.give(2, 13, 2)
        self.check(altered=2)

    def test_no_ack(self) -> None:
        self.give_all()
        self.ledger.posted(bytes([3]), 1, ANN, 3, "text 3", 5.0)
        self.assertFalse(self.ledger.is_settled())
        self.ledger.refused()
        self.assertTrue(self.ledger.is_settled())

    def test_percentiles(self) -> None:
        values = [float(value) for value in range(1, 101)]
        self.assertEqual([percentile(values, at) for at in (0, 50, 99, 100)], [1.0, 51.0, 100.0, 100.0])
        self.assertEqual(percentile([], 99), 0.0)

"""What was posted and what came, and what is wrong between the two. No sockets, no Locust.

Every reader of a room must get every acked post above the place where it began to follow: once, in the order
of the log, as it was said, and each speaker's posts in the order in which they were said. A speaker is one
connection: two of one account are two.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field


@dataclass(slots=True)
class Post:
    speaker: int
    author: bytes
    number: int
    text: str
    due_s: float
    seq: int | None = None
    got: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Reader:
    """One member as it reads: `base` is where it began, `last` the last entry it was given."""

    base: int
    last: int
    got: int = 0
    left: bool = False
    numbers: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Count:
    posts: int
    acked: int
    refused: int
    expected: int
    delivered: int
    lost: int
    doubled: int
    disordered: int
    altered: int


class Ledger:
    """Times are seconds of one clock, `time.perf_counter`."""

    def __init__(self) -> None:
        self._posts: dict[bytes, Post] = {}
        self._readers: dict[int, Reader] = {}
        self._acked = 0
        self._refused = 0
        self._doubled = 0
        self._disordered = 0
        self._altered = 0
        self._fresh: list[tuple[float, int]] = []
        self.delivery_ms: list[float] = []

    def joined(self, reader: int, base: int) -> None:
        self._readers.setdefault(reader, Reader(base, base))

    def left(self, reader: int) -> None:
        """Nothing more is owed to a reader that went in the middle."""
        if reader in self._readers:
            self._readers[reader].left = True

    def posted(self, client_id: bytes, speaker: int, author: bytes, number: int, text: str, due_s: float) -> None:
        """A speaker says this; `number` rises with each of their posts."""
        self._posts[client_id] = Post(speaker, author, number, text, due_s)

    def acked(self, client_id: bytes, seq: int) -> None:
        post = self._posts[client_id]
        self._acked += 1
        if post.seq is not None and post.seq != seq:
            self._disordered += 1
        post.seq = seq

    def refused(self) -> None:
        self._refused += 1

    def delivered(self, reader: int, seq: int, now_s: float, client_id: bytes, author: bytes, text: str | None) -> None:
        """An entry of the log was given to a reader; `text` is None for entries that are no posts."""
        state = self._readers[reader]
        if seq <= state.last:
            self._doubled += 1
            return
        if seq != state.last + 1:
            self._disordered += 1
        state.last = seq
        if text is None:
            return
        post = self._posts.get(client_id)
        if post is None:
            return  # somebody else talks in the room
        if post.author != author or post.text != text:
            self._altered += 1
        if reader in post.got:
            self._doubled += 1
            return
        if post.seq is None:
            post.seq = seq
        if post.seq != seq or state.numbers.get(post.speaker, -1) >= post.number:
            self._disordered += 1
        state.numbers[post.speaker] = post.number
        post.got.add(reader)
        state.got += 1
        latency_ms = (now_s - post.due_s) * 1000
        self.delivery_ms.append(latency_ms)
        self._fresh.append((latency_ms, len(text)))

    def take_fresh(self) -> list[tuple[float, int]]:
        """Latencies (ms) and lengths of the deliveries since the last call."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def count(self) -> Count:
        placed = sorted(post.seq for post in self._posts.values() if post.seq is not None)
        expected = sum(
            reader.got if reader.left else len(placed) - bisect_right(placed, reader.base)
            for reader in self._readers.values()
        )
        delivered = sum(reader.got for reader in self._readers.values())
        return Count(
            posts=len(self._posts),
            acked=self._acked,
            refused=self._refused,
            expected=expected,
            delivered=delivered,
            lost=expected - delivered,
            doubled=self._doubled,
            disordered=self._disordered,
            altered=self._altered,
        )

    def is_settled(self) -> bool:
        """Whether nothing is on its way any more."""
        count = self.count()
        return count.acked + count.refused == count.posts and count.lost == 0


def percentile(values: list[float], percent: float) -> float:
    """The nearest rank; 0 of nothing."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(len(ranked) * percent / 100))] if ranked else 0.0

"""One room's talk in a run: who is in it, when a round of posts is due, and what Locust's statistics hear."""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass

import gevent
from gevent.event import AsyncResult
from locust.env import Environment

from .ledger import Count, Ledger, percentile

LEAD_SECONDS = 0.25
"""From a round's announcement to its moment: every user has woken up and made its message by then."""

SETTLE_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Verdict:
    name: str
    passed: bool
    detail: str


class Talk:
    """`user_class` names the Locust users that it is made of."""

    def __init__(self, environment: Environment, user_class: str) -> None:
        self.ledger = Ledger()
        self.room: AsyncResult[bytes] = AsyncResult()
        self.is_over = False
        self.rounds = 0
        self.connections_lost = 0
        self.ack_ms: list[float] = []
        self.sent_ms: list[float] = []
        self._environment = environment
        self._user_class = user_class
        self._members = 0
        self._has_maker = False
        self._fresh_acks: list[tuple[float, int]] = []
        self._next_round: AsyncResult[float] = AsyncResult()

    # --- members ------------------------------------------------------------

    def takes_making_the_room(self) -> bool:
        """True for the first who asks: that one makes the room, the others join it."""
        first, self._has_maker = not self._has_maker, True
        return first

    def ready(self) -> None:
        """One more member follows the room."""
        self._members += 1
        if self._members == self.wanted:
            # What start-up left is not looked through again in the middle of a round.
            gc.collect()
            gc.freeze()

    @property
    def wanted(self) -> int:
        runner = self._environment.runner
        return runner.target_user_classes_count.get(self._user_class, 0) if runner else 0

    @property
    def is_complete(self) -> bool:
        return 0 < self.wanted <= self._members

    # --- rounds -------------------------------------------------------------

    def next_round(self) -> float:
        """The moment of the next round, once it is known."""
        due_s: float = self._next_round.get()  # type: ignore[assignment]
        return due_s

    def hold_rounds(self, interval_seconds: float) -> None:
        """As soon as everybody is there: one round after the other, each when the one before was delivered."""
        while not self.is_complete and not self.is_over:
            gevent.sleep(SETTLE_POLL_SECONDS)
        while not self.is_over:
            due_s = time.perf_counter() + LEAD_SECONDS
            announced, self._next_round = self._next_round, AsyncResult()
            announced.set(due_s)
            gevent.sleep(LEAD_SECONDS)
            if self.is_over:
                return
            self.rounds += 1
            gevent.sleep(interval_seconds)
            self.settle(interval_seconds)
            self.report()

    def settle(self, seconds: float) -> None:
        """Waits until everything posted was answered and delivered, or so long."""
        until = time.perf_counter() + seconds
        while not self.ledger.is_settled() and time.perf_counter() < until:
            gevent.sleep(SETTLE_POLL_SECONDS)

    # --- statistics ---------------------------------------------------------

    def acked(self, latency_ms: float, sent_ms: float, text_bytes: int) -> None:
        """Both from the moment when the post was due: its ack, and this program's own lateness in sending it."""
        self.ack_ms.append(latency_ms)
        self.sent_ms.append(sent_ms)
        self._fresh_acks.append((latency_ms, text_bytes))

    def failed(self, name: str, reason: str) -> None:
        tell(self._environment, name, 0, 0, RuntimeError(reason))

    def report(self) -> None:
        """Tells Locust of acks and deliveries. Between rounds, since Locust's own counting of thousands of
        deliveries would stand between them."""
        acks, self._fresh_acks = self._fresh_acks, []
        for name, fresh in (("post", acks), ("deliver", self.ledger.take_fresh())):
            for number, (latency_ms, text_bytes) in enumerate(fresh):
                tell(self._environment, name, latency_ms, text_bytes)
                if number % 100 == 99:
                    gevent.sleep(0)

    # --- verdict ------------------------------------------------------------

    def verdicts(self, bound_ms: float, percent: float) -> list[Verdict]:
        """One line for each thing that must hold; `percent` of the deliveries must come within `bound_ms`."""
        count = self.ledger.count()
        latencies = self.ledger.delivery_ms
        bounded_ms = percentile(latencies, percent)
        what = "slowest delivery" if percent == 100 else f"p{percent:g} of deliveries"
        shown = ", ".join(
            f"{name} {percentile(latencies, at):.1f}" for name, at in (("p50", 50), ("p99", 99), ("max", 100))
        )
        return [
            Verdict("users", self.is_complete, f"{self._members} of {self.wanted} in the room"),
            Verdict("connections", self.connections_lost == 0, f"{self.connections_lost} lost"),
            *_counts(count),
            Verdict(
                "latency",
                0 < bounded_ms < bound_ms,
                f"{what} {bounded_ms:.1f} ms of {bound_ms:g} ({shown}; ack p99 {percentile(self.ack_ms, 99):.1f}, "
                f"sent after at most {percentile(self.sent_ms, 100):.1f})",
            ),
        ]


def tell(
    environment: Environment, name: str, latency_ms: float, size_bytes: int = 0, error: Exception | None = None
) -> None:
    """A line of Locust's statistics."""
    environment.events.request.fire(  # type: ignore[no-untyped-call]
        request_type="WS",
        name=name,
        response_time=latency_ms,
        response_length=size_bytes,
        exception=error,
        context={},
    )


def _counts(count: Count) -> list[Verdict]:
    return [
        Verdict(
            "posts",
            0 < count.posts == count.acked,
            f"{count.acked:,} acked of {count.posts:,}, {count.refused:,} refused",
        ),
        Verdict("lost", count.lost == 0, f"{count.lost:,} of {count.expected:,} deliveries"),
        Verdict("doubled", count.doubled == 0, f"{count.doubled:,}"),
        Verdict("order", count.disordered == 0, f"{count.disordered:,} out of order"),
        Verdict("text", count.altered == 0, f"{count.altered:,} not as they were said"),
    ]

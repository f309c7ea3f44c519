"""Users of one room who each post at a fixed rate (`--rate`), for Locust over WebSocket. docs/bench.md, "Locust".

Messages are due at fixed moments, whatever the server does; p99 of their deliveries must come within `--within-ms`.
"""

import random
import time

from locust import task

from rill_locust.user import RillUser


class SteadyUser(RillUser):
    """Posts so many messages a second, each user at moments of its own."""

    percent = 99.0

    def on_start(self) -> None:
        super().on_start()
        self.due_s = time.perf_counter() + random.random() / self.options.rate

    @task
    def speak(self) -> None:
        self.post_at(self.due_s)
        self.due_s += 1 / self.options.rate

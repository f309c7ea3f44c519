"""A team of 50 in one room who all post at the same instant, for Locust over WebSocket.

Every message must be delivered to everybody within 200 ms, once and in order. docs/bench.md, "Locust":

    locust -f bench/locustfile.py --headless --host http://localhost:8080 -u 50 -r 50 -t 30s
"""

from locust import task

from rill_locust.user import RillUser


class TeamUser(RillUser):
    """Posts once in every round, at its moment."""

    in_rounds = True

    @task
    def speak(self) -> None:
        self.post_at(self.rill.next_round())

"""A user of Locust who is a user of Rill: an account, a connection, a room, posts."""

from __future__ import annotations

import time
from typing import Any

from gevent.event import AsyncResult, Event
from gevent.timeout import Timeout
from locust import HttpUser
from locust.exception import StopUser

from . import session
from .accounts import AccountError, ticket
from .link import Link
from .run import run_of
from .session import Session, uuid7
from .talk import tell

STEP_SECONDS = 30.0
ROOM_NAME = "locust"


class RillUser(HttpUser):
    """Logs in, connects, and is in the room of its class when `on_start` ends."""

    abstract = True
    percent = 100.0
    """So many percent of the deliveries must come within `--within-ms`."""
    in_rounds = False
    """Whether all users post at the same instants."""

    def on_start(self) -> None:
        run = run_of(self.environment)
        self.options = run.options
        self.rill = run.talk(type(self).__name__, self.percent, in_rounds=self.in_rounds)
        self._answers: dict[int, AsyncResult[tuple[float, session.Answer]]] = {}
        self._is_attached = Event()
        self._is_following = Event()
        self._number = 0
        self._sent_s = 0.0
        self._room: bytes | None = None
        self._early: list[session.Applied | session.Followed] = []
        self._link: Link | None = None
        try:
            self._connect(run.accounts)
            self._enter()
        except (AccountError, OSError, RuntimeError, Timeout) as error:
            self.rill.failed("connect", str(error))
            raise StopUser(str(error)) from None
        self.rill.ready()

    def on_stop(self) -> None:
        if self._link is not None:
            if not self.rill.is_over:
                self.rill.ledger.left(id(self))
            self._link.close()

    def _connect(self, accounts: Any) -> None:
        self.client.verify = self.options.ca_file or True
        login = accounts.next(self.client)
        self.user = login.user
        begin_s = time.perf_counter()
        self._link = Link(
            self.host or "",
            Session(ticket(self.client, login), "locust"),
            on_event=self._on_event,
            on_end=self._on_end,
            ca_file=self.options.ca_file,
        )
        if not self._is_attached.wait(STEP_SECONDS):
            raise RuntimeError("the server did not answer Hello and Attach")
        self._tell("connect", begin_s)

    def _enter(self) -> None:
        """Makes the room, or joins it; its entries come when this ends."""
        assert self._link is not None
        room: bytes
        if self.rill.takes_making_the_room():
            room = self._ask("CreateRoom", client_id=uuid7(), name=ROOM_NAME)["room"]["id"]
            self.rill.room.set(room)
        else:
            room = self.rill.room.get(timeout=STEP_SECONDS)  # type: ignore[assignment]
            self._ask("JoinRoom", client_id=uuid7(), room=room)
        self._room = room
        for event in self._early:
            self._on_log(event)
        if not self._is_following.wait(STEP_SECONDS):
            raise RuntimeError("the server did not answer Resume")
        self._link.view(room)

    def _ask(self, name: str, /, **fields: Any) -> dict[str, Any]:
        begin_s = time.perf_counter()
        _, answer = self._answer(name, **fields)
        if answer.name == "Failed":
            raise RuntimeError(f"{name}: code {answer.fields['code']}: {answer.fields['detail']}")
        self._tell(name, begin_s)
        return answer.fields

    def _answer(self, name: str, /, **fields: Any) -> tuple[float, session.Answer]:
        """Moment and answer of a request."""
        assert self._link is not None
        request = self._link.request(name, **fields)
        self._sent_s = time.perf_counter()
        try:
            answer: tuple[float, session.Answer] = self._answers.setdefault(request, AsyncResult()).get(
                timeout=STEP_SECONDS
            )  # type: ignore[assignment]
            return answer
        finally:
            self._answers.pop(request, None)

    def post_at(self, due_s: float) -> None:
        """Posts at that moment of `time.perf_counter`, and waits for the ack."""
        self._number += 1
        text = f"{self._number} of {type(self).__name__} ".ljust(self.options.text_bytes, ".")
        client_id = uuid7()
        time.sleep(max(due_s - time.perf_counter(), 0))
        if self.rill.is_over:
            return
        self.rill.ledger.posted(client_id, id(self), self.user, self._number, text, due_s)
        try:
            acked_s, answer = self._answer("Post", room=self._room, client_id=client_id, text=text)
        except Timeout:
            self.rill.failed("post", "no ack")
            return
        if answer.name == "Accepted":
            self.rill.ledger.acked(client_id, answer.fields["seq"])
            self.rill.acked((acked_s - due_s) * 1000, (self._sent_s - due_s) * 1000, len(text))
        else:
            self.rill.ledger.refused()
            self.rill.failed("post", f"code {answer.fields['code']}: {answer.fields['detail']}")

    # --- what the connection tells ------------------------------------------

    def _on_event(self, event: session.Event) -> None:
        if isinstance(event, session.Applied | session.Followed):
            self._on_log(event)
        elif isinstance(event, session.Answer):
            self._answers.setdefault(event.request, AsyncResult()).set((time.perf_counter(), event))
        elif isinstance(event, session.Ready):
            self._is_attached.set()

    def _on_log(self, event: session.Applied | session.Followed) -> None:
        """Entries may come before the answer that names the room, and an account may be in others too."""
        if self._room is None:
            self._early.append(event)
        elif event.room != self._room:
            return
        elif isinstance(event, session.Followed):
            self.rill.ledger.joined(id(self), event.base)
            self._is_following.set()
        else:
            name, fields = event.entry
            header = fields["header"]
            self.rill.ledger.delivered(
                id(self),
                header["seq"],
                time.perf_counter(),
                header["client_id"],
                header["author"],
                fields["text"] if name == "EntryPosted" else None,
            )

    def _on_end(self, reason: str) -> None:
        self.rill.connections_lost += 1
        self.rill.failed("connection", reason)

    def _tell(self, name: str, begin_s: float) -> None:
        tell(self.environment, name, (time.perf_counter() - begin_s) * 1000)

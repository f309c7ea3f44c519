"""A session on a WebSocket (docs/protocol.md, "WebSocket" and "Signs of life"), by websocket-client.

Two threads each: one reads, one pings. Below Locust they are greenlets (it patches the standard library).
"""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections.abc import Callable
from typing import Any

import websocket

from .session import Event, Session
from .varint import WireError

PATH = "/rill/v1/ws"
SUBPROTOCOL = "rill.v1"
CLOSE_BASE = 4000
NORMAL, TIMEOUT, FRAME_TOO_LONG, MALFORMED, MUX_VIOLATION, CUT_FRAME = 0, 3, 20, 21, 25, 26
DEAD_AFTER_SECONDS = 40.0
PING_SECONDS = 15.0

_CODES = {"too_long": FRAME_TOO_LONG, "cut_frame": CUT_FRAME, "malformed": MALFORMED, "leftover": MALFORMED}


class Link:
    """`on_event` hears what the session tells, on the reading thread; `on_end` why the connection ended, once,
    unless `close` ended it."""

    def __init__(
        self,
        url: str,
        session: Session,
        *,
        on_event: Callable[[Event], None],
        on_end: Callable[[str], None],
        ca_file: str | None = None,
    ) -> None:
        self._session = session
        self._on_event = on_event
        self._on_end = on_end
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._socket = websocket.create_connection(
            url.replace("http", "ws", 1).rstrip("/") + PATH,
            subprotocols=[SUBPROTOCOL],
            # Without an Origin it is a native client, and no page.
            suppress_origin=True,
            timeout=DEAD_AFTER_SECONDS,
            sslopt={"ca_certs": ca_file, "cert_reqs": ssl.CERT_REQUIRED} if ca_file else None,
            skip_utf8_validation=True,
        )
        with self._lock:
            self._flush()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._ping, daemon=True).start()

    def request(self, name: str, /, **fields: Any) -> int:
        """Sends a request; the `Answer` has its number."""
        with self._lock:
            number = self._session.request(name, **fields)
            self._flush()
            return number

    def view(self, room: bytes) -> None:
        with self._lock:
            self._session.view(room)
            self._flush()

    def close(self, code: int = NORMAL) -> None:
        if not self._closed.is_set():
            self._closed.set()
            # The server may have been faster.
            with contextlib.suppress(OSError, websocket.WebSocketException):
                self._socket.close(status=CLOSE_BASE + code, reason=b"", timeout=2)

    def _read(self) -> None:
        try:
            while True:
                opcode, data = self._socket.recv_data()
                if opcode == websocket.ABNF.OPCODE_CLOSE:
                    self._end(_close_reason(data))
                    return
                if opcode != websocket.ABNF.OPCODE_BINARY:
                    raise WireError("text_message")
                with self._lock:
                    events = self._session.receive(data)
                    self._flush()
                for event in events:
                    self._on_event(event)
        except WireError as error:
            self._end(f"the server broke the protocol: {error.name}")
            self.close(_CODES.get(error.name, MUX_VIOLATION))
        except websocket.WebSocketTimeoutException:
            self._end("timeout: the server was silent")
            self.close(TIMEOUT)
        except (OSError, websocket.WebSocketException) as error:
            self._end(f"network: {error}")

    def _ping(self) -> None:
        while not self._closed.wait(PING_SECONDS):
            with self._lock:
                self._session.ping()
                self._flush()

    def _end(self, reason: str) -> None:
        if not self._closed.is_set():
            self._on_end(reason)
            self._closed.set()

    def _flush(self) -> None:
        while (message := self._session.mux.message()) is not None:
            try:
                self._socket.send_binary(message)
            except (OSError, websocket.WebSocketException) as error:
                self._end(f"network: {error}")
                return


def _close_reason(data: bytes) -> str:
    code = int.from_bytes(data[:2], "big") if len(data) >= 2 else CLOSE_BASE + NORMAL
    return f"closed with {code}, {data[2:].decode(errors='replace')}"


__all__ = ["Link"]

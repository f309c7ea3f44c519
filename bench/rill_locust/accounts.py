"""Accounts over HTTP (docs/protocol.md, "HTTP"): made or given, logged in, and a ticket for a connection."""

from __future__ import annotations

import json
import secrets
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locust.clients import HttpSession

TRIES = 12
PASSWORDS_AT_ONCE = 8
"""Registrations and logins under way: an address may have few passwords looked at together."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# Letters that no other letter or digit looks like: a name that looks like an existing one is refused.
_RUN_LETTERS = "abcdefhkmrtwxy"


class AccountError(Exception):
    """The server refused, for good, or for too long."""


@dataclass(frozen=True)
class Login:
    user: bytes
    token: str


@dataclass(frozen=True)
class Source:
    """Where accounts come from: a file; an administrator, who makes them; or everybody's registration."""

    file: str | None = None
    admin_token: str | None = None
    invitation: str | None = None


class Accounts:
    """The accounts of one run, given out one after the other."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._run = "".join(secrets.choice(_RUN_LETTERS) for _ in range(10))
        self._given = 0
        self._passwords = threading.BoundedSemaphore(PASSWORDS_AT_ONCE)
        self._listed: list[dict[str, str]] = (
            json.loads(Path(source.file).read_text(encoding="utf-8"))["users"] if source.file else []
        )

    def next(self, http: HttpSession) -> Login:
        """The next account, logged in."""
        self._given += 1
        number = self._given
        with self._passwords:
            return self._log_in(http, number)

    def _log_in(self, http: HttpSession, number: int) -> Login:
        if self._source.file:
            if number > len(self._listed):
                raise AccountError(f"{self._source.file} has {len(self._listed)} accounts only")
            account = self._listed[number - 1]
            if "token" in account:
                me = ask(http, "GET", "/api/v1/me", token=account["token"])
                return Login(id_from_text(me["user"]["id"]), account["token"])
            return _login(http, account["username"], account["password"])
        username, password = f"locust-{self._run}-{number}", secrets.token_urlsafe(18)
        if self._source.admin_token:
            body = {"username": username, "password": password}
            ask(http, "POST", "/api/v1/admin/users", body, token=self._source.admin_token)
            return _login(http, username, password)
        body = {"username": username, "password": password, "client": "locust"}
        if self._source.invitation:
            body["invitation"] = self._source.invitation
        return _as_login(ask(http, "POST", "/api/v1/register", body))


def ticket(http: HttpSession, login: Login) -> bytes:
    """The right to open one connection, within 60 s."""
    answer = ask(http, "POST", "/api/v1/tickets", {}, token=login.token)
    return bytes.fromhex(answer["tickets"][0])


def _login(http: HttpSession, username: str, password: str) -> Login:
    body = {"username": username, "password": password, "client": "locust"}
    return _as_login(ask(http, "POST", "/api/v1/login", body))


def _as_login(answer: dict[str, Any]) -> Login:
    return Login(id_from_text(answer["user"]["id"]), answer["token"])


def ask(http: HttpSession, method: str, path: str, body: object = None, *, token: str | None = None) -> dict[str, Any]:
    """The answer to a request. What the server says may be tried again is tried again, after a pause."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    pause_seconds = 0.25
    for _ in range(TRIES):
        with http.request(method, path, json=body, headers=headers, catch_response=True) as response:
            if response.status_code in (200, 201):
                return dict(response.json())
            error = _error_of(response)
            if error["action"] not in ("retry", "resume"):
                response.failure(error["name"])
                raise AccountError(f"{method} {path}: {error['name']}: {error['detail']}")
            response.success()
            wait_seconds = float(response.headers.get("Retry-After", pause_seconds))
        time.sleep(wait_seconds)
        pause_seconds = min(pause_seconds * 2, 5)
    raise AccountError(f"{method} {path}: {error['name']}, {TRIES} times")


def _error_of(response: Any) -> dict[str, str]:
    try:
        return dict(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        # No answer at all has status 0; an answer that is no JSON is none of Rill.
        return {"name": f"status {response.status_code}", "action": "stop", "detail": str(response.error)}


def id_from_text(text: str) -> bytes:
    """The 16 bytes of an id in Crockford's base32."""
    value = 0
    for letter in text.upper().replace("O", "0").replace("I", "1").replace("L", "1"):
        value = value * 32 + _ALPHABET.index(letter)
    return value.to_bytes(16, "big")

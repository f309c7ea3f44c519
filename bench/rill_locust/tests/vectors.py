"""The golden vectors, and their JSON values as this client has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rill_locust import bodies

ROOT = Path(__file__).resolve().parents[3]
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def load(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((ROOT / "protocol/vectors" / name).read_text(encoding="utf-8"))
    assert vectors, name
    return vectors


def document() -> str:
    return (ROOT / "docs/protocol.md").read_text(encoding="utf-8")


def as_json(kind: bodies.Type, value: Any) -> Any:
    """A value as the vectors show it: ids as base32, tickets and digests as hex, bytes as numbers."""
    if isinstance(kind, bodies.Struct):
        return {name: as_json(inner, value[name]) for name, inner in kind.fields}
    if isinstance(kind, bodies.List):
        return [as_json(kind.item, item) for item in value]
    if isinstance(kind, bodies.Option):
        return None if value is None else as_json(kind.inner, value)
    if isinstance(kind, bodies.Fixed):
        return value.hex() if kind.size == 32 else id_text(value)
    if type(kind) is bodies.Bytes:
        return list(value)
    return value


def id_text(raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    return "".join(BASE32[number >> shift & 31] for shift in range(125, -1, -5))

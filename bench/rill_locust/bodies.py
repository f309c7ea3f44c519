"""The types of bodies (docs/protocol.md, "Types"): how each is written and read.

A type is named as the document names it: `u32`, `option RoomId`, `list Cursor`. Ids, tickets and digests are
`bytes` here, structs are dictionaries in the order of their fields.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from . import varint
from .varint import U32_MAX, U53_MAX, Cut, WireError

Fields = tuple[tuple[str, str], ...]
"""Name and type of each field, in order."""

_FIXED = {name: 16 for name in ("UserId", "RoomId", "SessionId", "ClientId", "AttemptId", "Epoch", "TransferId")}
_FIXED |= {"Ticket": 32, "FileDigest": 32}

_OPEN_ENUMS = frozenset(
    "LaneClass Outcome Replay PresenceState Direction MessageKind RoomAccess RoomHistory RoomKind "
    "RoomRole RoomSetting MemberAction OutsideList FileUse FileVariant FileOutcome".split()
)


class Type(Protocol):
    """One type: `write` appends a value, `read` gives the value at a place and the place behind it."""

    def write(self, out: bytearray, value: Any) -> None: ...

    def read(self, data: bytes, at: int) -> tuple[Any, int]: ...


class Integer:
    """`u32`, `u53`, and the lengths of texts, bytes and lists."""

    def __init__(self, maximum: int) -> None:
        self.maximum = maximum
        self.longest = 4 if maximum <= U32_MAX else 8

    def write(self, out: bytearray, value: Any) -> None:
        if not 0 <= value <= self.maximum:
            raise ValueError(f"{value} is not between 0 and {self.maximum}")
        varint.write(out, value)

    def read(self, data: bytes, at: int) -> tuple[int, int]:
        first = data[at]
        if first <= 250:
            return first, at + 1
        value, at = varint.read(data, at, shortest=False, longest=self.longest)
        if value > self.maximum:
            raise WireError("range")
        return value, at


_LENGTH = Integer(2**64 - 1)


class Bool:
    def write(self, out: bytearray, value: Any) -> None:
        out.append(1 if value else 0)

    def read(self, data: bytes, at: int) -> tuple[bool, int]:
        if data[at] > 1:
            raise WireError("bool")
        return data[at] == 1, at + 1


class Fixed:
    """Ids, tickets and digests: so many bytes, no length."""

    def __init__(self, size: int) -> None:
        self.size = size

    def write(self, out: bytearray, value: Any) -> None:
        if len(value) != self.size:
            raise ValueError(f"{len(value)} bytes instead of {self.size}")
        out += value

    def read(self, data: bytes, at: int) -> tuple[bytes, int]:
        end = at + self.size
        if end > len(data):
            raise Cut
        return data[at:end], end


class Bytes:
    def write(self, out: bytearray, value: Any) -> None:
        varint.write(out, len(value))
        out += value

    def read(self, data: bytes, at: int) -> tuple[bytes, int]:
        size, at = _LENGTH.read(data, at)
        end = at + size
        if end > len(data):
            raise Cut
        return data[at:end], end


class Text(Bytes):
    def write(self, out: bytearray, value: Any) -> None:
        super().write(out, value.encode())

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        raw, at = super().read(data, at)
        return raw.decode(), at


class Option:
    def __init__(self, inner: Type) -> None:
        self.inner = inner

    def write(self, out: bytearray, value: Any) -> None:
        out.append(0 if value is None else 1)
        if value is not None:
            self.inner.write(out, value)

    def read(self, data: bytes, at: int) -> tuple[Any, int]:
        if data[at] > 1:
            raise WireError("option")
        return self.inner.read(data, at + 1) if data[at] else (None, at + 1)


class List:
    def __init__(self, item: Type) -> None:
        self.item = item

    def write(self, out: bytearray, value: Any) -> None:
        varint.write(out, len(value))
        for item in value:
            self.item.write(out, item)

    def read(self, data: bytes, at: int) -> tuple[list[Any], int]:
        count, at = _LENGTH.read(data, at)
        # No item is empty, so a count past the end is found without making room for it.
        if count > len(data) - at:
            raise Cut
        items = []
        for _ in range(count):
            item, at = self.item.read(data, at)
            items.append(item)
        return items, at


class Struct:
    def __init__(self, fields: list[tuple[str, Type]]) -> None:
        self.fields = fields
        self._readers: list[tuple[str, Callable[[bytes, int], tuple[Any, int]]]] = [
            (name, kind.read) for name, kind in fields
        ]

    def write(self, out: bytearray, value: Any) -> None:
        if set(value) != {name for name, _ in self.fields}:
            raise ValueError(f"fields {sorted(value)} instead of {[name for name, _ in self.fields]}")
        for name, kind in self.fields:
            kind.write(out, value[name])

    def read(self, data: bytes, at: int) -> tuple[dict[str, Any], int]:
        value: dict[str, Any] = {}
        for name, read in self._readers:
            value[name], at = read(data, at)
        return value, at


_PLAIN: dict[str, Type] = {"bool": Bool(), "bytes": Bytes(), "text": Text()}


def resolve(name: str, structs: Mapping[str, Fields]) -> Type:
    """The type of that name; `structs` are those that the document has tables of."""
    if name.startswith("option "):
        return Option(resolve(name.removeprefix("option "), structs))
    if name.startswith("list "):
        return List(resolve(name.removeprefix("list "), structs))
    if name in _FIXED:
        return Fixed(_FIXED[name])
    if name == "u32" or name in _OPEN_ENUMS:
        return Integer(U32_MAX)
    if name == "u53":
        return Integer(U53_MAX)
    if name in _PLAIN:
        return _PLAIN[name]
    return Struct([(field, resolve(kind, structs)) for field, kind in structs[name]])


def decode(kind: Type, data: bytes, *, rest: bool = False) -> Any:
    """The value of a whole body. `rest` lets bytes stand behind it (kinds of a later version)."""
    try:
        value, at = kind.read(data, 0)
    except (IndexError, Cut, UnicodeDecodeError) as error:
        raise WireError("malformed") from error
    if at != len(data) and not rest:
        raise WireError("leftover")
    return value

"""The one integer of the protocol (docs/protocol.md, "Integers")."""

U32_MAX = 2**32 - 1
U53_MAX = 2**53 - 1

_LONGER = {251: 2, 252: 4, 253: 8}


class WireError(Exception):
    """Bytes that break the protocol. `name` says how, in the words of protocol/vectors."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Cut(Exception):
    """The bytes end inside an integer: more of them may make it whole."""


def write(out: bytearray, value: int) -> None:
    """Appends the shortest form."""
    if value < 0:
        raise ValueError("no integer of the wire is signed")
    if value <= 250:
        out.append(value)
    elif value < 2**16:
        out.append(251)
        out += value.to_bytes(2, "little")
    elif value < 2**32:
        out.append(252)
        out += value.to_bytes(4, "little")
    else:
        out.append(253)
        out += value.to_bytes(8, "little")


def encode(value: int) -> bytes:
    out = bytearray()
    write(out, value)
    return bytes(out)


def read(data: bytes | bytearray, at: int, *, shortest: bool = True, longest: int = 8) -> tuple[int, int]:
    """The integer at `at` and the place behind it.

    Headers demand the shortest form; bodies take a longer one (`shortest=False`), of at most `longest` bytes.
    """
    if at >= len(data):
        raise Cut
    first = data[at]
    if first <= 250:
        return first, at + 1
    size = _LONGER.get(first)
    if size is None:
        raise WireError("varint_prefix")
    if size > longest:
        raise WireError("range")
    end = at + 1 + size
    if end > len(data):
        raise Cut
    value = int.from_bytes(data[at + 1 : end], "little")
    if shortest and (value <= 250 or size > 2 and value < 2 ** (4 * size)):
        raise WireError("varint_overlong")
    return value, end
